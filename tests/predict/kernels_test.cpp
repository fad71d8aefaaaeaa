#include "oneproxy/predict/kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "measure/temporary_folder.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/kernel_model.hpp"
#include "oneproxy/predict/latency_file.hpp"
#include "oneproxy/space/onnx.hpp"
#include "oneproxy/space/onnx_reader.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy {
namespace {

const char* const small_spaces[] = {"mobilenet_v2(resolution=32, width=0.5)", "nas_bench_201(dataset=cifar10)",
                                    "ofa_mobilenet_v3(resolution=64)",        "googlenet(resolution=32)",
                                    "shufflenet_v2(resolution=32)",           "densenet(resolution=32)"};

/// input -> conv+relu6 -> depthwise -> conv, + conv+relu6 -> y
Network residual() {
  NetworkBuilder builder({8, 10, 10});
  const int a = builder.convolution(0, 8, 1, 1, 1, Activation::relu6, "a");
  const int b = builder.convolution(a, 8, 3, 1, 8, Activation::none, "b");
  const int c = builder.convolution(b, 8, 1, 1, 1, Activation::none, "c");
  builder.add(c, a, "sum");
  return std::move(builder).finish();
}

std::vector<std::string> kinds(const Network& network, const FusionRules& rules) {
  std::vector<std::string> result;
  for (const auto& config : kernels_of(network, rules)) result.push_back(config.kind);
  return result;
}

TEST(Kernels, RulesDecideWhatIsOne) {
  using Kinds = std::vector<std::string>;
  EXPECT_EQ(kinds(residual(), {}), (Kinds{"convolution", "relu6", "depthwise_convolution", "convolution", "add"}));
  const FusionRules rules{{{"convolution", "relu6"}, {"convolution", "add"}}, {}};
  EXPECT_EQ(kinds(residual(), rules), (Kinds{"convolution+relu6", "depthwise_convolution", "convolution+add"}));
  // relu6 has two readers: the sum may not join it, whatever the rules.
  const FusionRules sums{{{"relu6", "add"}, {"relu6", "depthwise_convolution"}}, {}};
  EXPECT_EQ(kinds(residual(), sums), (Kinds{"convolution", "relu6", "depthwise_convolution", "convolution", "add"}));
}

TEST(Kernels, EveryOperatorIsInOneKernelAndKeepsItsWork) {
  FusionRules all;  // every pair that there is
  for (const char* text : small_spaces) {
    const auto space = make_space(text);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(std::string(text) + ", seed " + std::to_string(seed));
      Rng rng(seed);
      const Network network = space->network(space->sample(rng));
      const Network operators = split_activations(network);
      for (const Layer& layer : operators.layers) {
        for (const int input : layer.inputs) {
          all.fused.emplace(operator_kind(operators.layers[static_cast<std::size_t>(input)]), operator_kind(layer));
        }
      }
      for (const FusionRules& rules : {FusionRules{}, all}) {
        std::vector<int> seen;
        double flops = 0;
        double parameters = 0;
        for (const auto& kernel : split_kernels(operators, rules)) {
          seen.insert(seen.end(), kernel.layers.begin(), kernel.layers.end());
          const auto config = kernel_config(operators, kernel);
          flops += config.features[7];
          parameters += config.features[9];
        }
        std::ranges::sort(seen);
        ASSERT_EQ(seen.size(), operators.layers.size() - 1);
        for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], static_cast<int>(i) + 1);
        EXPECT_EQ(parameters, costs(network).parameters);
        EXPECT_GE(flops, costs(network).flops);  // activations count in operators, not in layers
      }
    }
  }
}

TEST(Kernels, AnOnnxFileHasTheSameKernelsAsItsNetwork) {
  for (const char* text : small_spaces) {
    SCOPED_TRACE(text);
    if (std::string(text).starts_with("nas_bench")) continue;  // its cells have layers that nothing reads
    const auto space = make_space(text);
    Rng rng(5);
    const Network network = space->network(space->sample(rng));
    const Network read = read_onnx_network(onnx_bytes(network, random_weights(network, 1)), "model");
    const auto texts = [](const Network& of) {
      std::vector<std::string> result;
      for (const auto& config : kernels_of(of, {})) result.push_back(config.text);
      std::ranges::sort(result);
      return result;
    };
    EXPECT_EQ(texts(read), texts(network));
  }
}

TEST(Kernels, TextTellsConfigurationsApart) {
  NetworkBuilder builder({8, 10, 10});
  builder.convolution(0, 16, 3, 2, 1, Activation::relu6, "a");
  const auto configs = kernels_of(std::move(builder).finish(), {{{"convolution", "relu6"}}, {}});
  ASSERT_EQ(configs.size(), 1U);
  EXPECT_EQ(configs[0].text, "convolution:8x10x10:16x5x5:k3:s2:p1+relu6");
  EXPECT_EQ(configs[0].features[7], 2 * 8 * 9 * 16 * 25 + 16 * 25);       // FLOPs
  EXPECT_EQ(configs[0].features[8], 4 * (800 + 16 * 72 + 16 + 16 * 25));  // bytes
}

KernelModel model_of_flops() {
  // A forest that counts: 1 ms above 100,000 FLOPs, else 0.25 ms.
  const Forest forest(KernelConfig::feature_count,
                      {{{.feature = 7, .threshold = 1e5, .left = 1, .right = 2}, {.value = 0.25}, {.value = 1}}});
  return KernelModel(
      {.device = "a test",
       .overhead_ms = 0.5,
       .rules = {{{"convolution", "relu6"}}, {{"relu6", "convolution"}}},
       .forests = {{"convolution", forest}, {"relu6", forest}, {"add", forest}, {"depthwise_convolution", forest}},
       .weight_ms = {{"add:8x10x10", 3}},
       .measurement_count = 12});
}

TEST(KernelModel, SumsItsKernelsAndTakesUnknownOnesApart) {
  const KernelModel model = model_of_flops();
  // There is no forest of convolution+relu6, so it counts as its two parts.
  EXPECT_DOUBLE_EQ(model.latency_ms(residual()), 0.5 + 5 * 0.25);
  EXPECT_DOUBLE_EQ(model.latency_ms(residual(), KernelModel::Form::counts), 0.5 + 4 * 0.25 + 3);
  NetworkBuilder builder({8, 10, 10});
  builder.max_pool(0, 2, 2, 0, "pool");
  const Network pool = std::move(builder).finish();
  try {
    model.latency_ms(pool);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("max_pool:8x10x10:8x5x5:k2:s2"), std::string::npos) << error.what();
  }
}

TEST(KernelModel, SurvivesItsFileAndRefusesOthers) {
  testing::TemporaryFolder folder;
  const KernelModel model = model_of_flops();
  save_kernel_model(folder / "kernels.json", model);
  EXPECT_EQ(load_kernel_model(folder / "kernels.json").parts(), model.parts());
  const std::string whole = read_file(folder / "kernels.json");
  const auto error_of = [&](const std::string& from, const std::string& to) {
    std::string changed = whole;
    changed.replace(changed.find(from), from.size(), to);
    write_file(folder / "broken.json", changed);
    try {
      load_kernel_model(folder / "broken.json");
    } catch (const InputError& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with((folder / "broken.json").string())) << error.what();
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_NE(error_of("oneproxy-kernel-predictor", "another").find("format"), std::string::npos);
  EXPECT_NE(error_of("\"version\":1", "\"version\":2").find("version"), std::string::npos);
  EXPECT_NE(error_of("\"overhead_ms\":0.5", "\"overhead_ms\":null").find("overhead_ms"), std::string::npos);
  EXPECT_NE(error_of("\"stride\"", "\"strides\"").find("features"), std::string::npos);
  EXPECT_NE(error_of("\"left\":[1,", "\"left\":[0,").find("forests, add: tree 0, node 0"), std::string::npos);
  EXPECT_NE(error_of("{", "[").find("expected a JSON object"), std::string::npos);
}

TEST(KernelModel, PredictsArchitecturesAsTheirNetworks) {
  testing::TemporaryFolder folder;
  const auto space = make_space("mobilenet_v2(resolution=32, width=0.5)");
  Rng rng(3);
  std::vector<Network> networks;
  std::vector<Architecture> xs;
  std::vector<double> flops;
  for (int i = 0; i < 300; ++i) {
    xs.push_back(space->sample(rng));
    networks.push_back(space->network(xs.back()));
    flops.push_back(0.2 + 1e-8 * costs(networks.back()).flops);
  }
  const KernelModel model = fit_kernel_counts("flops", {{{"convolution", "relu6"}}, {}}, networks, flops);
  const KernelPredictor predictor(space, model, KernelModel::Form::counts);
  const std::vector<float> predicted = predictor(xs);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    EXPECT_FLOAT_EQ(predicted[i], static_cast<float>(model.latency_ms(networks[i], KernelModel::Form::counts)));
    EXPECT_NEAR(predicted[i], flops[i], 0.02 * flops[i]);  // FLOPs are linear in the counts; the fit is regularised
  }
  save_kernel_model(folder / "counts.json", model);
  EXPECT_EQ(predictor_format(folder / "counts.json"), "oneproxy-kernel-predictor");
}

}  // namespace
}  // namespace oneproxy
