#include <gtest/gtest.h>

#include "command.hpp"

namespace oneproxy::test {
namespace {

TEST(Mlp, SlowIsFittedAdaptedAndSearchedWith) {
  TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  const Outcome measured = oneproxy_command(
      folder,
      "measure --samples 400 --device 'roofline(device=s5e)' --name s5e --device 'fpga(design=3)' --name fpga "
      "--out " +
          path("latency.csv"));
  ASSERT_EQ(measured.status, 0) << measured.err;
  const std::string fit = "proxy fit --predictor mlp --table " + path("latency.csv") + " --column s5e --out ";
  const Outcome fitted = oneproxy_command(folder, fit + path("s5e.onnx") + " --json");
  ASSERT_EQ(fitted.status, 0) << fitted.err;
  EXPECT_EQ(fitted.json()["samples"], 400);
  EXPECT_GT(fitted.json()["held_out_srcc"], 0.8);

  const std::string adapt =
      "adapt --json --proxy " + path("s5e.onnx") + " --samples " + path("latency.csv") + " --column fpga --out ";
  const Outcome adapted = oneproxy_command(folder, adapt + path("fpga.onnx"));
  ASSERT_EQ(adapted.status, 0) << adapted.err;
  EXPECT_TRUE(adapted.json()["srcc"]["after"]["srcc"].is_number());
  for (const char* name : {"s5e.onnx", "fpga.onnx"}) {
    const Outcome found =
        oneproxy_command(folder, "search --search local --candidates 300 --json --latency " + path(name));
    EXPECT_EQ(found.status, 0) << found.err;
  }

  for (const std::string& refused : {fit + path("s5e.json"), adapt + path("fpga.json")}) {
    const Outcome outcome = oneproxy_command(folder, refused);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_NE(outcome.err.find("--out: expected a file with the ending .onnx"), std::string::npos) << outcome.err;
  }
}

}  // namespace
}  // namespace oneproxy::test
