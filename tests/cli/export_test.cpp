#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "command.hpp"
#include "oneproxy/predict/linear.hpp"
#include "oneproxy/predict/mlp.hpp"

namespace oneproxy::test {
namespace {

std::string quoted(const std::string& text) { return "'" + text + "'"; }

/// One random architecture of a space, as the command line tells it.
std::string one_of(const TemporaryFolder& folder, const std::string& space) {
  std::string text = oneproxy_command(folder, "space --samples 1 --seed 3 --space " + quoted(space)).out;
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

TEST(Export, APredictorIsAnOnnxModelOfTheSamePredictions) {
  const TemporaryFolder folder;
  const auto proxy = std::filesystem::path(ONEPROXY_SOURCE_DIR) / "models/fashion_mnist/proxies/onednn-avx2.json";
  const auto onnx = folder / "latency.onnx";
  const auto done = oneproxy_command(folder, "export predictor --json onednn-avx2 --out " + onnx.string());
  ASSERT_EQ(done.status, 0) << done.err;
  const LinearPredictor expected = load_linear_predictor(proxy);
  EXPECT_EQ(done.json()["space"], expected.space()->description());
  const auto exported = load_mlp(onnx, expected.space());
  Rng rng(2);
  const auto xs = expected.space()->sample_distinct(200, rng);
  const std::vector<float> a = expected(xs);
  const std::vector<float> b = (*exported)(xs);
  // Sums of some 25 weights in single precision.
  for (std::size_t i = 0; i < xs.size(); ++i) EXPECT_NEAR(b[i], a[i], 1e-5 * a[i]) << expected.space()->text(xs[i]);
  std::string predicts;
  for (const auto& [key, value] : read_onnx_metadata(onnx)) predicts += key == "predicts" ? value : "";
  EXPECT_EQ(predicts, "latency in ms");
}

TEST(Export, NetworksAsOnnxAndAsNetConfig) {
  const TemporaryFolder folder;
  for (const auto& [space, name] : std::initializer_list<std::pair<std::string, std::string>>{
           {"ofa_mobilenet_v3(resolution=160)", "MobileNetV3"}, {"proxyless_nas", "ProxylessNASNets"}}) {
    const auto config = folder / "net.config";
    const auto done = oneproxy_command(folder, "export network --space " + quoted(space) + " --architecture " +
                                                   quoted(one_of(folder, space)) + " --out " + config.string());
    ASSERT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(nlohmann::json::parse(slurp(config))["name"], name);
  }
  const auto onnx = folder / "net.onnx";
  const std::string text = one_of(folder, "nas_bench_201");
  const auto done = oneproxy_command(
      folder, "export network --space nas_bench_201 --architecture " + quoted(text) + " --out " + onnx.string());
  ASSERT_EQ(done.status, 0) << done.err;
  bool named = false;
  for (const auto& [key, value] : read_onnx_metadata(onnx)) named |= key == "architecture" && value == text;
  EXPECT_TRUE(named);
  // The benchmark's own architecture strings.
  const std::string operation = "(none|skip_connect|nor_conv_1x1|nor_conv_3x3|avg_pool_3x3)";
  EXPECT_TRUE(std::regex_match(
      text, std::regex("\\|" + operation + "~0\\|\\+\\|" + operation + "~0\\|" + operation + "~1\\|\\+\\|" + operation +
                       "~0\\|" + operation + "~1\\|" + operation + "~2\\|")))
      << text;
  const auto refused = oneproxy_command(folder, "export network --space nas_bench_201 --architecture " + quoted(text) +
                                                    " --out " + (folder / "net.config").string());
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("has no net.config"), std::string::npos) << refused.err;
}

TEST(Export, ARunWritesBothForEveryNetworkOfItsFront) {
  const TemporaryFolder folder;
  const std::string run =
      "run --json --target roofline\\(device=taba\\) --samples 10 --front 4 --population 60 "
      "--generations 4 --out " +
      (folder / "out").string();
  const auto done = oneproxy_command(folder, run);
  ASSERT_EQ(done.status, 0) << done.err;
  for (const auto& network : done.json()["front"]) {
    auto file = folder / ("out/" + network["onnx"].get<std::string>());
    std::map<std::string, std::string> metadata;
    for (const auto& [key, value] : read_onnx_metadata(file)) metadata[key] = value;
    EXPECT_EQ(metadata["architecture"], network["text"]);
    EXPECT_EQ(metadata["space"], done.json()["space"]);
    EXPECT_EQ(metadata["target"], done.json()["target"]);
    EXPECT_NEAR(std::stod(metadata["latency_ms"]), network["latency_ms"]["median"].get<double>(),
                1e-5 * network["latency_ms"]["median"].get<double>());
    const auto config = nlohmann::json::parse(slurp(file.replace_extension(".config")));
    EXPECT_EQ(config["name"], "ProxylessNASNets");
  }
}

}  // namespace
}  // namespace oneproxy::test
