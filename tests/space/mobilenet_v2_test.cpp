#include "oneproxy/space/mobilenet_v2.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

SpacePtr paper_space() { return make_space("mobilenet_v2(resolution=224, width=1.3, classes=1000, channels=3)"); }

/// All blocks of this kernel and expansion, all stages of this depth (indices of the options).
Architecture uniform_architecture(std::uint8_t kernel, std::uint8_t expansion, std::uint8_t depth) {
  Architecture x(47);
  for (std::size_t b = 0; b < 21; ++b) {
    x[b] = kernel;
    x[21 + b] = expansion;
  }
  for (std::size_t s = 0; s < 5; ++s) x[42 + s] = depth;
  return x;
}

TEST(MobileNetV2, DescriptionMakesTheSameSpaceAgain) {
  for (const char* text :
       {"mobilenet_v2", "mobilenet_v2(resolution=28, width=0.5, classes=10, channels=1, strides=1:2:2:2:1:1)",
        "mobilenet_v2(widths=32:16:24:48:80:104:192:320:1280)"}) {
    const auto space = make_space(text);
    EXPECT_EQ(make_space(space->description())->description(), space->description());
  }
  EXPECT_EQ(make_space("mobilenet_v2")->description(), paper_space()->description());
}

TEST(MobileNetV2, EncodingIsOneOfNinePresentBlocksAndTheConstant) {
  const auto space = paper_space();
  ASSERT_EQ(space->feature_count(), 190U);
  EXPECT_EQ(space->decisions().size(), 47U);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Architecture x = space->sample(rng);
    const FeatureMatrix features = space->encode({&x, 1});
    EXPECT_EQ(features(0, 189), 1.0F);
    for (int b = 0; b < 21; ++b) {
      const float ones = features.row(0).segment(9 * b, 9).sum();
      EXPECT_EQ(ones, MobileNetV2::present(x, b) ? 1.0F : 0.0F) << "block " << b;
      if (!MobileNetV2::present(x, b)) continue;
      EXPECT_EQ(features(0, 9 * b + 3 * x[static_cast<std::size_t>(b)] + x[static_cast<std::size_t>(21 + b)]), 1.0F);
    }
  }
}

TEST(MobileNetV2, RoundTripsAsTextAndAsThePapersJson) {
  const auto space = paper_space();
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Architecture x = space->sample(rng);
    EXPECT_EQ(space->parse(space->text(x)), x);
    EXPECT_EQ(space->from_json(space->to_json(x)), x);
    EXPECT_EQ(space->parse(space->to_json(x).dump()), x);
  }
}

TEST(MobileNetV2, KernelAndExpansionOfAbsentBlocksAreNoDecision) {
  const auto space = paper_space();
  Architecture a = uniform_architecture(1, 1, 0);
  Architecture b = a;
  b[3] = 2;       // kernel of the fourth block of stage 0, which depth 2 leaves out
  b[21 + 2] = 0;  // expansion of its third
  EXPECT_NE(a, b);
  EXPECT_EQ(space->canonical(a), space->canonical(b));
  EXPECT_EQ(space->network(a), space->network(b));
  b[20] = 2;  // the last block is always there
  EXPECT_NE(space->canonical(a), space->canonical(b));
}

TEST(MobileNetV2, ReadsThePapersExampleAndSaysWhatIsWrongWithIt) {
  const auto space = paper_space();
  // The individual printed in Appendix A has 22 expansion ratios for 21 blocks.
  const std::string kernels = R"("kernel_size": [5, 3, 5, 7, 5, 3, 5, 3, 7, 7, 5, 7, 5, 3, 3, 5, 5, 3, 5, 5, 3])";
  const std::string printed = R"("expansion_ratio": [3,3,4,6,4,3,4,6,4,3,6,4,3,4,3,4,4,4,3,3,4,3])";
  const std::string mended = R"("expansion_ratio": [3,3,4,6,4,3,4,6,4,3,6,4,3,4,3,4,4,4,3,3,4])";
  const std::string depth = R"("depth": [2, 2, 2, 2, 3])";
  const auto x = space->parse("{" + kernels + "," + mended + "," + depth + "}");
  EXPECT_EQ(space->text(x), "5x3.3x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4.5x3-3x4");
  try {
    space->parse("{" + kernels + "," + printed + "," + depth + "}");
    FAIL() << "22 expansion ratios were accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "architecture, field expansion_ratio: expected a list of 21 numbers, each 3, 4 or 6; got 22");
  }
}

TEST(MobileNetV2, RefusesForeignArchitectures) {
  const auto space = paper_space();
  for (const char* bad :
       {"", "5x3", "5x3.3x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4.5x3", "5x3.3x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4-3x4.3x3",
        "5x5.3x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4-3x4", "5x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4-3x4",
        "5x3.3x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4-3x4 ", "{", "[]", "{\"kernel_size\": 3}",
        "5x3.3x3.3x3.3x3.3x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4-3x4"}) {
    EXPECT_THROW(space->parse(bad), InputError) << bad;
  }
}

TEST(MobileNetV2, SamplesUniformlyOverTheDecisions) {
  const auto space = paper_space();
  Rng rng(3);
  constexpr int draws = 9000;
  std::vector<std::array<int, 3>> counts(47);
  std::vector<int> totals(47);
  for (int i = 0; i < draws; ++i) {
    const Architecture x = space->sample(rng);
    for (std::size_t d = 0; d < 47; ++d) {
      const int block = static_cast<int>(d % 21);
      if (d < 42 && !MobileNetV2::present(x, block)) continue;
      ++counts[d][x[d]];
      ++totals[d];
    }
  }
  for (std::size_t d = 0; d < 47; ++d) {
    double chi_squared = 0;
    for (const int count : counts[d]) chi_squared += std::pow(count - totals[d] / 3.0, 2) / (totals[d] / 3.0);
    EXPECT_LT(chi_squared, 18.4) << "decision " << d;  // 0.9999 quantile at 2 degrees of freedom: 47 are looked at
  }
}

TEST(MobileNetV2, DistinctSamplesAreDistinct) {
  const auto space = paper_space();
  Rng rng(1);
  const auto xs = space->sample_distinct(2000, rng);
  EXPECT_EQ(std::unordered_set<Architecture>(xs.begin(), xs.end()).size(), 2000U);
}

// Counted by hand for width 1: stem 3->32 (3x3, to 112), first block 32->16, stages of depth 2 with kernel 3 and
// expansion 3, last block, features 320->1280, classifier.
TEST(MobileNetV2, FlopsAndParametersEqualHandCountedValues) {
  const auto space = make_space("mobilenet_v2(resolution=224, width=1)");
  const auto network = space->network(uniform_architecture(0, 0, 0));
  std::int64_t macs = 27LL * 32 * 112 * 112;  // stem
  std::int64_t parameters = 27 * 32 + 32;
  macs += (9LL * 32 + 32 * 16) * 112 * 112;  // first block: depth-wise, projection
  parameters += 9 * 32 + 32 + 32 * 16 + 16;
  const int widths[] = {24, 40, 80, 96, 192};
  const int sizes[] = {56, 28, 14, 14, 7};
  int in = 16;
  int size = 112;
  std::int64_t additions = 0;
  for (int s = 0; s < 5; ++s) {
    for (int d = 0; d < 2; ++d) {
      const std::int64_t mid = 3LL * in;
      macs += in * mid * size * size + (9 * mid + mid * widths[s]) * sizes[s] * sizes[s];
      parameters += in * mid + mid + 9 * mid + mid + mid * widths[s] + widths[s];
      if (d > 0) additions += static_cast<std::int64_t>(widths[s]) * sizes[s] * sizes[s];
      in = widths[s];
      size = sizes[s];
    }
  }
  const std::int64_t mid = 3LL * 192;
  macs += (192 * mid + 9 * mid + mid * 320 + 320 * 1280) * 49 + 1280 * 1000;
  parameters += 192 * mid + mid + 9 * mid + mid + mid * 320 + 320 + 320 * 1280 + 1280 + 1280 * 1000 + 1000;
  const auto total = costs(network);
  EXPECT_EQ(total.flops, static_cast<double>(2 * macs + additions + 1280 * 49));
  EXPECT_EQ(total.parameters, static_cast<double>(parameters));
  EXPECT_EQ(total.flops, total.dense_flops + total.depthwise_flops + total.fully_connected_flops + total.other_flops);
  EXPECT_EQ(total.layers, 1 + 2 + 11 * 3 + 5 + 1 + 2);  // stem, first, blocks, additions, features, pool and classifier
  EXPECT_EQ(total.critical_path, total.layers);
}

TEST(MobileNetV2, CostsGrowWithEveryDecision) {
  const auto space = paper_space();
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Architecture x = space->sample(rng);
    const double flops = costs(space->network(x)).flops;
    for (std::size_t d = 0; d < 47; ++d) {
      if (x[d] == 2 || (d < 42 && !MobileNetV2::present(x, static_cast<int>(d % 21)))) continue;
      Architecture larger = x;
      ++larger[d];
      EXPECT_GT(costs(space->network(larger)).flops, flops) << "decision " << d;
    }
  }
}

TEST(SampleGraded, TakesNetworksOfEverySize) {
  const auto space = make_space("mobilenet_v2(resolution=28, width=0.25, classes=10, channels=1)");
  Rng rng(5);
  const auto xs = space->sample_graded(300, rng);
  Architecture smallest(space->decisions().size());
  Architecture largest(space->decisions().size());
  for (std::size_t d = 0; d < largest.size(); ++d) {
    largest[d] = static_cast<std::uint8_t>(space->decisions()[d].options.size() - 1);
  }
  const double least = costs(space->network(space->canonical(smallest))).flops;
  const double most = costs(space->network(largest)).flops;
  std::array<int, 5> of_size{};
  for (const auto& x : xs) {
    ASSERT_TRUE(space->contains(x));
    EXPECT_EQ(x, space->canonical(x));
    const double share = (costs(space->network(x)).flops - least) / (most - least);
    ++of_size[std::min<std::size_t>(4, static_cast<std::size_t>(5 * share))];
  }
  // An even spread would put 60 in each fifth; draws uniform in the options put nobody in the last.
  for (const int count : of_size) EXPECT_GE(count, 20);
  EXPECT_EQ(std::unordered_set<Architecture>(xs.begin(), xs.end()).size(), xs.size());
  Rng again(5);
  EXPECT_EQ(space->sample_graded(300, again), xs);
}

TEST(SampleGraded, SaysThatASpaceIsTooSmall) {
  Rng rng(1);
  EXPECT_THROW(make_space("nas_bench_201")->sample_graded(15'626, rng), InputError);
}

}  // namespace
}  // namespace oneproxy
