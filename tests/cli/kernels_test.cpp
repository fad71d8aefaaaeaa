#include <gtest/gtest.h>

#include <fstream>

#include "command.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/predict/forest.hpp"

namespace oneproxy::test {
namespace {

const std::string space = "\"mobilenet_v2(resolution=16, width=0.25, classes=10, channels=1)\"";

class KernelsCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_fit_forests()) GTEST_SKIP() << "this build has no OpenCV ml";
    if (default_engine().empty()) GTEST_SKIP() << "no inference engine here";
  }
  std::string file(const std::string& name) { return (folder / name).string(); }
  TemporaryFolder folder;
};

TEST_F(KernelsCommand, MeasuresARealEngineResumesAndPredictsOnnxFiles) {
  const std::string kernels = "kernels --space " + space + " --networks 2 --kernels 2 --pair-sizes 1 --trees 10 " +
                              "--min-runs 2 --warmup 0 --budget-ms 1 --out " + file("kernels.json");
  const Outcome first = oneproxy_command(folder, kernels + " --json");
  ASSERT_EQ(first.status, 0) << first.err;
  const auto json = first.json();
  EXPECT_EQ(json.at("device"), nlohmann::json::parse(slurp(folder / "kernels.json")).at("device"));
  EXPECT_GE(json.at("rules").size(), 5U);
  EXPECT_GT(json.at("overhead_ms").get<double>(), 0);
  const std::string model = slurp(folder / "kernels.json");

  // Everything is in the store: the same file comes out, without a measurement.
  const Outcome again = oneproxy_command(folder, kernels + " --resume --json");
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(slurp(folder / "kernels.json"), model);
  const Outcome other = oneproxy_command(folder, kernels + " --resume --seed 2");
  EXPECT_EQ(other.status, 2);
  EXPECT_EQ(other.error_lines(), 1U) << other.err;

  for (const std::string seed : {"1", "2"}) {
    const Outcome made =
        oneproxy_command(folder, "space " + space + " --seed " + seed + " --onnx " + file("net" + seed + ".onnx"));
    ASSERT_EQ(made.status, 0) << made.err;
  }
  const std::string predict =
      "predict --predictor " + file("kernels.json") + " --onnx " + file("net1.onnx") + " " + file("net2.onnx");
  const Outcome predicted = oneproxy_command(folder, predict + " --json");
  ASSERT_EQ(predicted.status, 0) << predicted.err;
  ASSERT_EQ(predicted.json().at("networks").size(), 2U);
  for (const auto& network : predicted.json().at("networks")) {
    EXPECT_GT(network.at("predicted_ms"), json.at("overhead_ms"));
    EXPECT_GT(network.at("kernels").get<int>(), 10);
  }
  const Outcome text = oneproxy_command(folder, predict);
  EXPECT_NE(text.out.find("predicted ms"), std::string::npos) << text.out;
}

TEST_F(KernelsCommand, TheSumOfMeasuredKernelsRanksNetworksSlow) {
  const std::string options = " --space \"mobilenet_v2(resolution=64, width=0.5, classes=10, channels=3)\" --device " +
                              default_engine() + " --min-runs 10 --budget-ms 60";
  const Outcome kernels =
      oneproxy_command(folder, "kernels --networks 100 --kernels 40 --json --out " + file("kernels.json") + options);
  ASSERT_EQ(kernels.status, 0) << kernels.err;
  const Outcome measured = oneproxy_command(folder, "measure --samples 40 --repeats 0 --seed 9 --json --out " +
                                                        file("latency.csv") + " --name here" + options);
  ASSERT_EQ(measured.status, 0) << measured.err;
  const Outcome compared = oneproxy_command(
      folder, "predict --predictor " + file("kernels.json") + " --table " + file("latency.csv") +
                  " --space \"mobilenet_v2(resolution=64, width=0.5, classes=10, channels=3)\" --json");
  ASSERT_EQ(compared.status, 0) << compared.err;
  EXPECT_EQ(compared.json().at("networks"), 40);
  // No timing is promised, but a sum of kernels that ranked worse than this would be no predictor.
  EXPECT_GT(compared.json().at("srcc").get<double>(), 0.7);
}

TEST(PredictCommand, SaysInOneLineWhatIsWrong) {
  TemporaryFolder folder;
  std::ofstream(folder / "text.onnx") << "not a model";
  std::ofstream(folder / "kernels.json")
      << R"({"format":"oneproxy-kernel-predictor","version":1,"device":"a test","measurements":0,"overhead_ms":0.5,)"
      << R"("fused":[],"not_fused":[],"features":["input_channels","input_height","output_channels","output_height",)"
      << R"("kernel","stride","groups","flops","bytes","parameters","inputs","input_elements"],"weights_ms":{},)"
      << R"("forests":{}})";
  std::ofstream(folder / "other.json") << R"({"format":"something"})";
  const auto error = [&](const std::string& arguments) {
    const Outcome outcome = oneproxy_command(folder, "predict " + arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
    return outcome.err;
  };
  const std::string model = "--predictor " + (folder / "kernels.json").string();
  EXPECT_NE(error(model).find("expected one of --onnx, --architecture and --table"), std::string::npos);
  EXPECT_NE(error(model + " --onnx " + (folder / "text.onnx").string()).find("is not an ONNX model"),
            std::string::npos);
  EXPECT_NE(error("--predictor " + (folder / "other.json").string() + " --architecture 1").find("no latency predictor"),
            std::string::npos);
  ASSERT_EQ(oneproxy_command(folder, "space " + space + " --onnx " + (folder / "net.onnx").string()).status, 0);
  EXPECT_NE(
      error(model + " --onnx " + (folder / "net.onnx").string()).find("a kernel that the predictor does not know"),
      std::string::npos);
}

TEST(KernelsCommandLine, SaysInOneLineWhatIsWrong) {
  TemporaryFolder folder;
  const auto error = [&](const std::string& arguments) {
    const Outcome outcome = oneproxy_command(folder, "kernels " + arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    return outcome.err;
  };
  EXPECT_EQ(error("--trees 0"), "oneproxy: --trees: expected a number > 0, got 0 (see oneproxy --help)\n");
  const auto table = folder / "other.csv";
  std::ofstream(table) << "# space: fbnet(classes=10)\narchitecture,x\n1,2\n";
  EXPECT_NE(error("--space nas_bench_201 --table " + table.string())
                .find("other.csv, line 1: is a table of the space fbnet(classes=10); expected nas_bench_201"),
            std::string::npos);
}

}  // namespace
}  // namespace oneproxy::test
