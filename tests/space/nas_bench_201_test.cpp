#include "oneproxy/space/nas_bench_201.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

namespace oneproxy {
namespace {

std::vector<std::vector<std::string>> published(const std::string& name) {
  const char* set = std::getenv("ONEPROXY_DATA");
  const std::filesystem::path folder =
      set != nullptr ? std::filesystem::path(set)
                     : std::filesystem::path(ONEPROXY_SOURCE_DIR).parent_path() / "shared" / "data";
  std::ifstream stream(folder / "nasbench201" / name);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(stream, line);) {
    auto& row = rows.emplace_back();
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
  }
  return rows;
}

std::vector<Architecture> all_architectures() {
  std::vector<Architecture> xs;
  for (std::size_t i = 0; i < NasBench201::architecture_count; ++i) xs.push_back(NasBench201::architecture(i));
  return xs;
}

TEST(NasBench201, IndicesAreAPermutation) {
  const auto xs = all_architectures();
  EXPECT_EQ(std::unordered_set<Architecture>(xs.begin(), xs.end()).size(), xs.size());
  for (std::size_t i = 0; i < xs.size(); ++i) EXPECT_EQ(NasBench201::official_index(xs[i]), i);
}

// The first, tenth and last architecture of the benchmark's list.
TEST(NasBench201, IndicesAreTheOfficialOnes) {
  const NasBench201 space;
  const std::pair<std::size_t, const char*> known[] = {
      {0, "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"},
      {9, "|avg_pool_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"},
      {15624, "|nor_conv_1x1~0|+|none~0|nor_conv_1x1~1|+|none~0|nor_conv_1x1~1|nor_conv_1x1~2|"}};
  for (const auto& [index, text] : known) {
    EXPECT_EQ(space.text(NasBench201::architecture(index)), text);
    EXPECT_EQ(space.parse(std::to_string(index)), space.parse(text));
  }
  EXPECT_ANY_THROW(space.parse("15625"));
}

TEST(NasBench201, IndicesEqualThePublishedRows) {
  const auto rows = published("help_latency_ms.csv");
  if (rows.empty()) GTEST_SKIP() << "nasbench201/help_latency_ms.csv is absent (ONEPROXY_DATA)";
  const NasBench201 space;
  ASSERT_EQ(rows.size(), NasBench201::architecture_count + 1);
  for (std::size_t i = 1; i < rows.size(); ++i) EXPECT_EQ(space.text(NasBench201::architecture(i - 1)), rows[i][0]);
}

// README of NAS-Bench-201: 6,466 unique topologies among 15,625.
TEST(NasBench201, HasTheBenchmarksNumberOfDistinctGraphs) {
  std::unordered_set<std::string> keys;
  for (const auto& x : all_architectures()) keys.insert(NasBench201::graph_key(x));
  EXPECT_EQ(keys.size(), 6466U);
}

TEST(NasBench201, GraphsAreGroupedAsInHwNasBench360) {
  const auto rows = published("hwnasbench360_latency_ms.csv");
  if (rows.empty()) GTEST_SKIP() << "nasbench201/hwnasbench360_latency_ms.csv is absent (ONEPROXY_DATA)";
  std::unordered_map<std::string, std::string> representative;
  std::unordered_map<std::string, std::string> key_of;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto x = NasBench201::architecture(std::stoul(rows[i][0]));
    const auto key = NasBench201::graph_key(x);
    EXPECT_EQ(representative.emplace(key, rows[i][2]).first->second, rows[i][2]) << "line " << i + 1;
    EXPECT_EQ(key_of.emplace(rows[i][2], key).first->second, key) << "line " << i + 1;
  }
}

TEST(NasBench201, SkipsPassOnAndTheOrderOfSumsDoesNotMatter) {
  const NasBench201 space;
  const auto key = [&](const char* text) { return NasBench201::graph_key(space.parse(text)); };
  EXPECT_EQ(key("|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|avg_pool_3x3~2|"),
            key("|skip_connect~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|avg_pool_3x3~2|"));
  EXPECT_NE(key("|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|avg_pool_3x3~2|"),
            key("|skip_connect~0|+|none~0|nor_conv_1x1~1|+|none~0|none~1|avg_pool_3x3~2|"));
}

// An edge is live exactly where a path over it exists; all eight ways from 0 to 3 are four paths.
TEST(NasBench201, LiveEdgesAreThoseOnAPath) {
  const std::vector<std::vector<std::size_t>> paths{{3}, {0, 4}, {1, 5}, {0, 2, 5}};
  for (const auto& x : all_architectures()) {
    std::array<bool, 6> expected{};
    for (const auto& path : paths) {
      bool whole = true;
      for (const auto e : path) whole = whole && x[e] != NasBench201::none;
      for (const auto e : path) expected[e] = expected[e] || whole;
    }
    EXPECT_EQ(NasBench201::live_edges(x), expected);
  }
}

// accuracy.csv: MFLOPs and parameters (M) with six digits after the point.
TEST(NasBench201, CostsEqualThePublishedOnes) {
  const auto rows = published("accuracy.csv");
  if (rows.empty()) GTEST_SKIP() << "nasbench201/accuracy.csv is absent (ONEPROXY_DATA)";
  const std::string datasets[] = {"cifar10", "cifar100", "imagenet16_120"};
  std::map<std::string, std::size_t> column;
  for (std::size_t c = 0; c < rows[0].size(); ++c) column[rows[0][c]] = c;
  for (const auto& dataset : datasets) {
    const NasBench201 space(dataset);
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const auto total = space.published_costs(NasBench201::architecture(std::stoul(rows[i][0])));
      char flops[32];
      char parameters[32];
      std::snprintf(flops, sizeof flops, "%.6f", static_cast<double>(total.multiply_accumulates) / 1e6);
      std::snprintf(parameters, sizeof parameters, "%.6f", static_cast<double>(total.parameters) / 1e6);
      EXPECT_EQ(flops, rows[i][column.at("flops_m_" + dataset)]) << dataset << ", line " << i + 1;
      EXPECT_EQ(parameters, rows[i][column.at("params_m_" + dataset)]) << dataset << ", line " << i + 1;
    }
  }
}

// The ranges that the benchmark's paper prints: 7.78-220.12 MFLOPs, 0.073-1.532 M parameters.
TEST(NasBench201, CostsSpanThePublishedRange) {
  const NasBench201 space;
  const auto least = space.published_costs(Architecture{0, 1, 4, 0, 1, 4});
  const auto most = space.published_costs(Architecture{3, 3, 3, 3, 3, 3});
  EXPECT_EQ(least.multiply_accumulates, 7'783'050);
  EXPECT_EQ(least.parameters, 73'306);
  EXPECT_EQ(most.multiply_accumulates, 220'119'690);
  EXPECT_EQ(most.parameters, 1'531'546);
}

// The layer graph has the same arithmetic; its weights lack one number a channel where normalisation is folded in, and
// have a bias in the two shortcuts, which are not normalised.
TEST(NasBench201, NetworksCostWhatIsPublished) {
  for (const char* dataset : {"cifar10", "imagenet16_120"}) {
    const NasBench201 space(dataset);
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      Rng rng(seed);
      const Architecture x = space.sample(rng);
      std::int64_t multiply_accumulates = 0;
      std::int64_t parameters = 0;
      for (const Layer& layer : space.network(x).layers) {
        parameters += layer.weight_count() + layer.bias_count();
        if (layer.kind == LayerKind::convolution) {
          multiply_accumulates += layer.flops() / 2;
          parameters += layer.name.ends_with("shortcut") ? -layer.out.channels : layer.out.channels;
        }
        if (layer.kind == LayerKind::fully_connected) multiply_accumulates += layer.flops() / 2 + layer.out.channels;
      }
      EXPECT_EQ(multiply_accumulates, space.published_costs(x).multiply_accumulates);
      EXPECT_EQ(parameters, space.published_costs(x).parameters);
    }
  }
}

TEST(NasBench201, FewShotFeaturesOfAKnownCell) {
  const NasBench201 space;
  // 3 x 3 on 0-1, none on 0-2, skip on 1-2, pooling on 0-3, 1 x 1 on 1-3, none on 2-3: node 2 leads nowhere.
  const Architecture x{3, 0, 1, 4, 2, 0};
  const Eigen::MatrixXd f = space.few_shot_features({&x, 1});
  const double expected[] = {0, 1, 1, 1, 2, 1, 1, 1, 1, 10, 2, 2, 3, 4, 10, 1, 1};
  ASSERT_EQ(f.cols(), static_cast<Eigen::Index>(std::size(expected)));
  for (Eigen::Index c = 0; c < f.cols(); ++c) EXPECT_EQ(f(0, c), expected[c]) << "column " << c;
}

}  // namespace
}  // namespace oneproxy
