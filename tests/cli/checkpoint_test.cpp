#include <gtest/gtest.h>

#include "command.hpp"

namespace oneproxy::test {
namespace {

// From training to a front whose networks have trained weights and measured accuracies.
TEST(SlowCheckpoint, TheFrontIsExportedWithTheSupernetsWeights) {
  const auto train = std::filesystem::path(ONEPROXY_PROGRAM).parent_path() / "oneproxy-train";
  if (!std::filesystem::exists(train)) GTEST_SKIP() << "this build has no training (LibTorch)";
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    GTEST_SKIP() << "Debian's dataset-fashion-mnist is not installed";
  }
  const TemporaryFolder folder;
  const auto path = [&](const char* name) { return (folder / name).string(); };
  const std::string space =
      " --space \"mobilenet_v2(resolution=28, width=0.1, classes=10, channels=1, strides=2:2:2:2:1:1)\" ";
  const auto run = [&](const std::string& arguments) {
    const Outcome outcome = oneproxy_command(folder, arguments);
    EXPECT_EQ(outcome.status, 0) << arguments << '\n' << outcome.err;
    return outcome;
  };
  run("train supernet --quiet --until-step 6 --batch 16 --train-images 200 --out " + path("supernet.pt") + space);
  run("train accuracy --quiet --subnets 40 --images 100 --pilots 0 --checkpoint " + path("supernet.pt") + " --out " +
      path("accuracy") + space);
  run("measure --quiet --device onednn --samples 40 --min-runs 6 --budget-ms 3 --out " + path("cpu.csv") + space);
  run("proxy fit --table " + path("cpu.csv") + " --out " + path("cpu.json") + space);
  const auto result =
      run("run --json --target onednn --samples 12 --max-samples 12 --front 4 --min-runs 6 --budget-ms 3 --proxy " +
          path("cpu.json") + " --accuracy " + path("accuracy/accuracy.onnx") + " --checkpoint " + path("supernet.pt") +
          " --out " + path("run") + space)
          .json();
  ASSERT_FALSE(result["front"].empty());
  for (const auto& network : result["front"]) {
    EXPECT_EQ(network["accuracy_is"], "measured");
    EXPECT_GE(network["accuracy"], 0);
    EXPECT_LE(network["accuracy"], 100);
    EXPECT_TRUE(std::filesystem::exists(path("run/") + network["onnx"].get<std::string>()));
  }
  EXPECT_FALSE(std::filesystem::exists(path("run/exported")));
}

}  // namespace
}  // namespace oneproxy::test
