#include <gtest/gtest.h>

#include <cmath>

#include "command.hpp"

namespace oneproxy::test {
namespace {

/// 60 networks on three devices: `b` ranks them as `a`, `c` in reverse; one value is missing on `b`.
void write_table(const std::filesystem::path& file) {
  std::ofstream out(file);
  out << "# made by: a test\nnetwork,a,b,c\n";
  for (int i = 0; i < 60; ++i) {
    out << "n" << i << "," << 1 + i << "," << (i == 7 ? -1.0 : 2.0 + i * i) << "," << 100 - i << "\n";
  }
}

TEST(MonotonicityCommand, WritesNumbersAndPictures) {
  TemporaryFolder folder;
  write_table(folder / "table.csv");
  const std::string command = "monotonicity " + (folder / "table.csv").string() + " --missing -1 --samples 5,20 " +
                              "--draws 50 --cdf --out " + (folder / "out").string();
  const Outcome outcome = oneproxy_command(folder, command + " --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto json = outcome.json();
  EXPECT_EQ(json.at("networks"), 60);
  EXPECT_EQ(json.at("pairs"), 3);
  EXPECT_EQ(json.at("srcc").at("a").at("b"), 1);
  EXPECT_EQ(json.at("srcc").at("a").at("c"), -1);
  EXPECT_NEAR(json.at("share_at_least_0.9").get<double>(), 1.0 / 3, 1e-12);
  EXPECT_EQ(json.at("samples").size(), 2U);  // a with b, a with c
  EXPECT_EQ(json.at("samples")[1].at("estimates")[0].at("mean"), -1);
  EXPECT_EQ(json.at("samples")[1].at("estimates")[1].at("draws"), 50);
  EXPECT_EQ(json.at("cdf")[0].at("srcc"), (std::vector<double>{-1, -1, 1}));
  for (const std::string name : {"matrix.svg", "samples.svg", "cdf.svg"}) {
    EXPECT_TRUE(slurp(folder / ("out/" + name)).ends_with("</svg>\n")) << name;
  }
  EXPECT_EQ(nlohmann::json::parse(slurp(folder / "out/monotonicity.json")), json);
  const Outcome text = oneproxy_command(folder, command);
  EXPECT_NE(text.out.find("60 networks, 3 devices; SRCC of 3 pairs: -1 to 1"), std::string::npos) << text.out;
}

TEST(MonotonicityCommand, SaysInOneLineWhatIsWrong) {
  TemporaryFolder folder;
  write_table(folder / "table.csv");
  const std::string table = "monotonicity " + (folder / "table.csv").string();
  const auto error = [&](const std::string& more) {
    const Outcome outcome = oneproxy_command(folder, table + more);
    EXPECT_EQ(outcome.status, 2) << more;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
    return outcome.err;
  };
  EXPECT_NE(error("").find("line 10, column b: '-1' is no latency in ms"), std::string::npos);
  EXPECT_NE(error(" --missing -1 --device a").find("has fewer than two devices"), std::string::npos);
  EXPECT_NE(error(" --missing -1 --device a --device z").find("there are a, b, c"), std::string::npos);
  EXPECT_NE(error(" --missing -1 --samples 5 --pair a").find("expected two parts with : between them"),
            std::string::npos);
  EXPECT_NE(error(" --missing -1 --min-networks 100").find("at least 100 networks"), std::string::npos);
  EXPECT_NE(error(" " + (folder / "table.csv").string() + " --missing -1").find("stands in two tables"),
            std::string::npos);
  EXPECT_EQ(oneproxy_command(folder, table + " --all-numbers --quiet").status, 0);
}

TEST(ProxySelect, ChoosesAmongTheDevicesOfATable) {
  TemporaryFolder folder;
  std::ofstream known(folder / "known.csv");
  std::ofstream samples(folder / "samples.csv");
  known << "arch,alike,unlike,phone\n";
  samples << "architecture,phone\n";
  const char* const ops[] = {"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"};
  for (int i = 0; i < 20; ++i) {
    const std::string x = "|" + std::string(ops[i % 5]) + "~0|+|" + ops[i / 5] + "~0|none~1|+|none~0|none~1|none~2|";
    known << x << "," << 1 + i << "," << (i * 7) % 20 + 1 << ",1\n";
    if (i % 2 == 0) samples << x << "," << 10 + i * i << "\n";
  }
  known.close();
  samples.close();
  const Outcome outcome =
      oneproxy_command(folder, "proxy select --json --space nas_bench_201 --among " + (folder / "known.csv").string() +
                                   " --samples " + (folder / "samples.csv").string());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json().at("proxy"), "alike");
  EXPECT_EQ(outcome.json().at("samples"), 10);
  EXPECT_EQ(outcome.json().at("srcc").at("alike").at("phone"), 1);
  EXPECT_FALSE(outcome.json().at("srcc").contains("phone"));  // a target is no proxy for itself
}

TEST(SpaceCommand, DescribesAFile) {
  TemporaryFolder folder;
  const std::string file = std::string(ONEPROXY_SOURCE_DIR) + "/examples/spaces/mobilenet_v2.yaml";
  const Outcome outcome = oneproxy_command(folder, "space --json " + file);
  if (outcome.err.find("lacks yaml-cpp") != std::string::npos) GTEST_SKIP() << outcome.err;
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json().at("features"), 190);
  const auto samples = [&](const std::string& space) {
    return oneproxy_command(folder, "space --samples 5 --space " + space).out;
  };
  EXPECT_EQ(samples(file), samples("mobilenet_v2"));
  const Outcome missing = oneproxy_command(folder, "space nowhere.yaml");
  EXPECT_EQ(missing.status, 2);
  EXPECT_EQ(missing.error_lines(), 1U);
}

}  // namespace
}  // namespace oneproxy::test
