#include <gtest/gtest.h>

#include "command.hpp"

namespace oneproxy::test {
namespace {

/// 120 cells whose latency is a sum over their operators, on devices that differ in what the operators cost.
void write_table(const std::filesystem::path& file) {
  const char* const operators[] = {"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"};
  std::ofstream out(file);
  out << "arch,phone,gpu,board\n";
  for (int i = 0; i < 120; ++i) {
    int rest = i * 7919;
    double phone = 1;
    double gpu = 2;
    double board = 3;
    const auto next = [&](int from) {
      const int op = rest % 5;
      rest /= 5;
      phone += op * op;
      gpu += op;
      board += op * op + op;
      return std::string(operators[op]) + "~" + std::to_string(from) + "|";
    };
    out << "|" << next(0) << "+|" << next(0) << next(1) << "+|" << next(0) << next(1) << next(2);
    out << "," << phone << "," << gpu << "," << board << "\n";
  }
}

TEST(Evaluate, WritesTheScoresAsJson) {
  TemporaryFolder folder;
  write_table(folder / "table.csv");
  const std::string command = "evaluate -q --space nas_bench_201 --table " + (folder / "table.csv").string() +
                              " --sources phone,gpu --targets board --samples 8 --per-source 50 --repeats 3 --seed 1 "
                              "--json " +
                              (folder / "scores.json").string();
  for (const std::string more :
       {"", " --method posterior --select greedy", " --method eqn3", " --method eqn3_l1", " --method proxy",
        " --method ridge", " --select stratified", " --select kmeans", " --select random"}) {
    const Outcome outcome = oneproxy_command(folder, command + more);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("mean SRCC"), std::string::npos);
    const auto json = nlohmann::json::parse(slurp(folder / "scores.json"));
    EXPECT_GT(json.at("mean_srcc").get<double>(), more == " --method ridge" ? 0.3 : 0.8) << more;
    EXPECT_EQ(json.at("targets").at("board").at("mean"), json.at("mean_srcc"));
    EXPECT_GE(json.at("targets").at("board").at("std").get<double>(), 0);
    EXPECT_GT(json.at("seconds").get<double>(), 0);
  }
}

TEST(Evaluate, CurvesTellHowManySamplesAreNeeded) {
  TemporaryFolder folder;
  write_table(folder / "table.csv");
  // The accuracy grows with the latency of the phone.
  std::system(
      ("cut -d, -f1,2 " + (folder / "table.csv").string() + " > " + (folder / "accuracy.csv").string()).c_str());
  const std::string command = "evaluate -q --curve --space nas_bench_201 --table " + (folder / "table.csv").string() +
                              " --sources phone,gpu --targets board --samples 4 --per-source 50 --repeats 2 --seed 1 "
                              "--most-samples 12 --json " +
                              (folder / "curve.json").string();
  const std::string accuracy = " --accuracy " + (folder / "accuracy.csv").string();
  for (const std::string& more : {std::string(), accuracy, " --next front" + accuracy, " --next random" + accuracy}) {
    SCOPED_TRACE(more);
    const Outcome outcome = oneproxy_command(folder, command + more);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("stops at"), std::string::npos);
    const auto board = nlohmann::json::parse(slurp(folder / "curve.json")).at("targets").at("board");
    EXPECT_EQ(board.at("points").front().at("samples"), 4);
    EXPECT_EQ(board.at("points").back().at("samples"), 12);
    EXPECT_GT(board.at("points").back().at("srcc").get<double>(), 0.95);
    EXPECT_LE(board.at("needed").at("srcc_0.9").get<int>(), 12);
    EXPECT_EQ(board.at("needed").at("front_0.99").is_null(), more.empty());
    EXPECT_EQ(board.at("points").back().contains("front"), !more.empty());
  }
  for (const std::string& bad : {std::string(" --next front"), std::string(" --method eqn3"), " --next best" + accuracy,
                                 std::string(" --most-samples 3"), std::string(" --accuracy none.csv")}) {
    const Outcome outcome = oneproxy_command(folder, command + bad);
    EXPECT_EQ(outcome.status, 2) << bad;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
  }
}

TEST(Evaluate, HelpHasAnExampleAndFaultsAreOneLine) {
  TemporaryFolder folder;
  write_table(folder / "table.csv");
  const Outcome help = oneproxy_command(folder, "evaluate --help");
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.out.find("Example:\n  oneproxy evaluate"), std::string::npos);
  const std::string table = " --table " + (folder / "table.csv").string();
  for (const std::string& bad :
       {std::string("--space nas_bench_201 --targets board") + table,
        "--space fbnet --sources phone --targets board" + table,
        "--space nas_bench_201 --sources phone --targets bord" + table,
        "--space nas_bench_201 --sources phone --targets board --method best" + table,
        "--space nas_bench_201 --sources phone --targets board --samples 0" + table,
        "--space nas_bench_201 --sources phone --targets board --samples 120" + table,
        std::string("--space nas_bench_201 --sources phone --targets board --table none.csv")}) {
    const Outcome outcome = oneproxy_command(folder, "evaluate --method eqn3 " + bad);
    EXPECT_EQ(outcome.status, 2) << bad;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
  }
}

}  // namespace
}  // namespace oneproxy::test
