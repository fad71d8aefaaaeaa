#include "oneproxy/predict/lookup_table.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <map>

#include "adapt/published_data.hpp"
#include "measure/temporary_folder.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

using testing::TemporaryFolder;

const double nan = std::nan("");

/// A latency for each operator, from its key alone.
double made_up_ms(const std::string& key) {
  return 0.01 + static_cast<double>(std::hash<std::string>{}(key) % 1'000'000) * 1e-6;
}

std::vector<OperatorLatency> made_up_entries(const OperatorSpace& operators) {
  std::vector<OperatorLatency> entries;
  for (const auto& each : operators.operators()) entries.push_back({each.key, made_up_ms(each.key), 0.001, 30});
  return entries;
}

TEST(LookupTable, AddsUpTheOperatorsOfEachNetwork) {
  struct Case {
    const char* space;
    bool linear;
  };
  // Once-for-All's encoding tells kernels apart from expansions, and that of NAS-Bench-201 has no number of additions.
  for (const auto& [name, linear] : {Case{"mobilenet_v2(resolution=32, width=0.25)", true}, Case{"fbnet", true},
                                     Case{"ofa_mobilenet_v3(resolution=128)", false}, Case{"nas_bench_201", false}}) {
    SCOPED_TRACE(name);
    const SpacePtr space = make_space(name);
    const OperatorSpace operators(space);
    const LookupTablePredictor table(space, made_up_entries(operators), operators.grain());
    EXPECT_EQ(table.linear().has_value(), linear);
    Rng rng(11);
    const auto xs = space->sample_distinct(300, rng);
    const auto floats = table(xs);
    const Eigen::VectorXd doubles = table.latency_ms(xs);
    for (std::size_t i = 0; i < xs.size(); ++i) {
      double sum = 0;
      for (const auto& key : operator_keys(*space, xs[i], operators.grain(), false)) sum += made_up_ms(key);
      // The weights of the encoding were found by solving equations.
      EXPECT_NEAR(doubles[static_cast<Eigen::Index>(i)], sum, 1e-8 * sum);
      EXPECT_EQ(floats[i], static_cast<float>(doubles[static_cast<Eigen::Index>(i)]));
    }
  }
}

TEST(LookupTable, AnEntryOfABlockComesBeforeThatOfAllBlocks) {
  const SpacePtr space = make_space("mobilenet_v2(resolution=32, width=0.25)");
  const OperatorSpace operators(space);
  auto entries = made_up_entries(operators);
  Rng rng(2);
  const Architecture x = space->sample(rng);
  const LookupTablePredictor before(space, entries, OperatorGrain::block);
  const std::string key = operator_keys(*space, x, OperatorGrain::block, true)[2];
  ASSERT_TRUE(key.starts_with("block0:")) << key;
  entries.push_back({key, made_up_ms(key.substr(7)) + 5, nan, nan});
  const LookupTablePredictor after(space, entries, OperatorGrain::block);
  EXPECT_NEAR(after.latency_ms({&x, 1})[0], before.latency_ms({&x, 1})[0] + 5, 1e-6);
}

TEST(LookupTable, NamesTheOperatorThatItLacks) {
  const SpacePtr space = make_space("mobilenet_v2(resolution=32, width=0.25)");
  const OperatorSpace operators(space);
  auto entries = made_up_entries(operators);
  const std::string lacking = entries.back().key;
  entries.pop_back();
  try {
    const LookupTablePredictor table(space, entries, OperatorGrain::block);
    FAIL() << "not refused";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("lacks the operator " + lacking), std::string::npos) << error.what();
  }
  entries.push_back({lacking, nan, nan, nan});
  EXPECT_THROW(LookupTablePredictor(space, entries, OperatorGrain::block), InputError);
}

TEST(LookupTableFile, ReadsBackAsWrittenInEveryFormat) {
  const TemporaryFolder folder;
  for (const char* name :
       {"mobilenet_v2(resolution=32, width=0.25)", "ofa_mobilenet_v3(resolution=128)", "nas_bench_201"}) {
    SCOPED_TRACE(name);
    const SpacePtr space = make_space(name);
    const OperatorSpace operators(space);
    const LookupTablePredictor table(space, made_up_entries(operators), operators.grain(), {"a device", "alone"});
    Rng rng(4);
    const auto xs = space->sample_distinct(50, rng);
    const Eigen::VectorXd expected = table.latency_ms(xs);
    const auto expect_same = [&](const LookupTablePredictor& again) {
      EXPECT_LE((again.latency_ms(xs) - expected).cwiseAbs().maxCoeff(), 1e-8 * expected.maxCoeff());
    };

    save_lookup_table(folder / "table.json", table);
    EXPECT_TRUE(is_lookup_table(folder / "table.json"));
    const auto json = load_lookup_table(folder / "table.json");
    expect_same(*json);
    EXPECT_EQ(json->space()->description(), space->description());
    EXPECT_EQ(json->origin().device, "a device");
    EXPECT_EQ(json->origin().method, "alone");
    EXPECT_EQ(json->grain(), operators.grain());

    write_operator_csv(folder / "table.csv", table.entries());
    EXPECT_TRUE(is_lookup_table(folder / "table.csv"));
    expect_same(*load_lookup_table(folder / "table.csv", space));
    EXPECT_THROW(load_lookup_table(folder / "table.csv"), InputError);

    if (operators.grain() == OperatorGrain::layer) continue;
    write_operator_yaml(folder / "table.yaml",
                        published_entries(table.entries(), operators, once_for_all_grammar(operators)),
                        OperatorSpread::deviation);
    expect_same(*load_lookup_table(folder / "table.yaml", space));
  }
}

TEST(LookupTableFile, RefusesWhatIsWrongByFileAndField) {
  const TemporaryFolder folder;
  const auto file = folder / "table.json";
  const SpacePtr space = make_space("mobilenet_v2(resolution=32, width=0.25)");
  const OperatorSpace operators(space);
  save_lookup_table(file, LookupTablePredictor(space, made_up_entries(operators), OperatorGrain::block));
  const std::string good = read_file(file);
  const auto refusal = [&](const std::string& what, const std::string& by) -> std::string {
    std::string content = good;
    content.replace(content.find(what), what.size(), by);
    write_file(file, content);
    try {
      load_lookup_table(file, space);
    } catch (const InputError& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(file.string())) << error.what();
      return error.what();
    }
    return "";
  };
  EXPECT_NE(refusal("lookup-table", "cook-table").find("field format"), std::string::npos);
  EXPECT_NE(refusal("\"version\": 1", "\"version\": 2").find("field version"), std::string::npos);
  EXPECT_NE(refusal("resolution=32", "resolution=36").find("field space"), std::string::npos);
  EXPECT_NE(refusal("\"block\"", "\"blob\"").find("field grain"), std::string::npos);
  EXPECT_NE(refusal("\"operators\"", "\"operator\"").find("field operators"), std::string::npos);
  EXPECT_NE(refusal("\"latency_ms\"", "\"latency_s\"").find("operators[0].latency_ms"), std::string::npos);
  EXPECT_NE(refusal("\"key\"", "\"kay\"").find("operators[0].key"), std::string::npos);
  EXPECT_NE(refusal("/convolution", "/revolution").find("lacks the operator"), std::string::npos);
  EXPECT_NE(refusal("{", "").find("expected a JSON object"), std::string::npos);
}

TEST(PublishedEntries, RefusesSpacesThatTheirTablesHaveNoKeysFor) {
  for (const char* name : {"fbnet", "nas_bench_201"}) {
    const OperatorSpace operators(make_space(name));
    EXPECT_THROW(published_entries(made_up_entries(operators), operators, once_for_all_grammar(operators)), InputError)
        << name;
  }
  const OperatorSpace operators(make_space("ofa_mobilenet_v3(resolution=128)"));
  EXPECT_THROW(published_entries(made_up_entries(operators), operators, OperatorGrammar::proxylessnas), InputError);
}

/// Sums as ProxylessNAS's and Once-for-All's own code builds keys: from sizes and channels counted along the network.
double published_sum(const std::map<std::string, double>& mean, const Network& network, int image) {
  const auto shape = [](int size, int channels) {
    return std::to_string(size) + "x" + std::to_string(size) + "x" + std::to_string(channels);
  };
  int size = (image + 1) / 2;
  int channels = network.layers[1].out.channels;
  double sum = mean.at("Conv-input:" + shape(image, 3) + "-output:" + shape(size, channels));
  for (std::size_t i = 2; i < network.layers.size(); ++i) {
    const Layer& depthwise = network.layers[i];
    if (depthwise.groups == 1) continue;
    const int out_size = static_cast<int>((size - 1.0) / depthwise.stride + 1);
    const int out = network.layers[i + 1].out.channels;
    const bool skip = network.layers[i + 2].kind == LayerKind::add;
    sum += mean.at("expanded_conv-input:" + shape(size, channels) + "-output:" + shape(out_size, out) + "-expand:" +
                   std::to_string(depthwise.in.channels / channels) + "-kernel:" + std::to_string(depthwise.kernel) +
                   "-stride:" + std::to_string(depthwise.stride) + "-idskip:" + (skip ? "1" : "0"));
    size = out_size;
    channels = out;
  }
  const int features = network.layers[network.layers.size() - 2].in.channels;
  sum += mean.at("Conv_1-input:" + shape(size, channels) + "-output:" + shape(size, features));
  return sum + mean.at("Logits-input:" + shape(size, features) + "-output:1000");
}

TEST(LookupTableFile, ReadsTheTableOfProxylessNasAndSumsAsItsCodeDoes) {
  const auto file = published::folder() / "raw" / "itouchz_pixel_trim.yaml";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no published table of operators";
  const SpacePtr space = make_space(std::string(ONEPROXY_SOURCE_DIR) + "/examples/spaces/proxylessnas.yaml");
  const auto table = load_lookup_table(file, space);
  std::map<std::string, double> mean;
  for (const auto& entry : read_operator_table(file)) mean[entry.key] = entry.latency_ms;
  Rng rng(6);
  const auto xs = space->sample_distinct(200, rng);
  const Eigen::VectorXd ms = table->latency_ms(xs);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const double sum = published_sum(mean, space->network(xs[i]), 224);
    EXPECT_NEAR(ms[static_cast<Eigen::Index>(i)], sum, 1e-8 * sum);
  }
  // The table has all our keys, and two more: it also searches the first block's kernel.
  const OperatorSpace operators(space);
  for (const auto& each : operators.operators()) EXPECT_EQ(mean.erase(each.proxylessnas), 1U) << each.proxylessnas;
  EXPECT_EQ(mean.size(), 2U);
  for (const auto& [key, value] : mean) EXPECT_TRUE(key.starts_with("expanded_conv-input:112x112x32")) << key;
}

TEST(LookupTableFile, ATableOfOtherWidthsLacksOperators) {
  const auto file = published::folder() / "raw" / "itouchz_pixel_trim.yaml";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no published table of operators";
  try {
    load_lookup_table(file, make_space("mobilenet_v2"));
    FAIL() << "not refused";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("lacks the operator Conv-input:224x224x3-output:112x112x40"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace oneproxy
