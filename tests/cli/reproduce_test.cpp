#include <gtest/gtest.h>

#include "command.hpp"

namespace oneproxy::test {
namespace {

TEST(ReproduceCommand, LeavesOutWhatNeedsDataAndWritesTheRest) {
  TemporaryFolder folder;
  const std::string before = "ONEPROXY_DATA=/nowhere; export ONEPROXY_DATA;";
  const Outcome one = oneproxy_command(folder, "reproduce fig31", before);
  EXPECT_EQ(one.status, 2);
  EXPECT_EQ(one.error_lines(), 1U) << one.err;
  EXPECT_NE(one.err.find("/nowhere/nasbench201/oneproxy_latency_ms.csv"), std::string::npos) << one.err;

  const std::string out = (folder / "out").string();
  const std::string json = (folder / "rows.json").string();
  const Outcome made = oneproxy_command(folder, "reproduce fig7 table1 --json " + json + " --out " + out, before);
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_NE(made.out.find("nine FPGAs, lowest of 36 pairs"), std::string::npos) << made.out;
  const auto rows = nlohmann::json::parse(slurp(json)).at("rows");
  for (const auto& row : rows) {
    for (const char* key : {"figure", "target", "before", "ours", "posterior", "paper", "samples", "draws"}) {
      EXPECT_TRUE(row.contains(key)) << row << key;
    }
  }
  EXPECT_EQ(rows.at(0).at("figure"), "fig7");
  EXPECT_GT(rows.at(0).at("ours").get<double>(), 0.9);  // the paper: "close to or above 0.9+"
  EXPECT_TRUE(slurp(folder / "out/reproduction/fig7.svg").ends_with("</svg>\n"));
  EXPECT_NE(slurp(folder / "out/reproduction.md").find("## table1"), std::string::npos);

  const Outcome list = oneproxy_command(folder, "reproduce --list", before);
  EXPECT_EQ(list.status, 0);
  EXPECT_NE(list.out.find("needs /nowhere/fbnet/help_latency_ms.csv"), std::string::npos) << list.out;
  EXPECT_EQ(oneproxy_command(folder, "reproduce").status, 2);
  EXPECT_EQ(oneproxy_command(folder, "reproduce fig7 --all").status, 2);
}

}  // namespace
}  // namespace oneproxy::test
