#include <gtest/gtest.h>

#include <set>

#include "command.hpp"

namespace oneproxy::test {
namespace {

const std::string space = "\"mobilenet_v2(resolution=32, width=0.35, classes=10, channels=3)\"";

/// A proxy, a table of accuracies and a module of Python.
class OwnAccuracy : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_ / "mine.py") << "def accuracy(networks):\n"
                                          "    return [sum(n['depth']) for n in networks]\n";
    const auto made = oneproxy_command(folder_, "measure --space " + space +
                                                    " --device roofline\\(device=taba\\) --name board --samples 120 "
                                                    "--out " +
                                                    path("board.csv"));
    ASSERT_EQ(made.status, 0) << made.err;
    ASSERT_EQ(oneproxy_command(folder_, "proxy fit --space " + space + " --table " + path("board.csv") + " --out " +
                                            path("board.json"))
                  .status,
              0);
    std::istringstream rows(slurp(folder_ / "board.csv"));
    std::ofstream table(folder_ / "table.csv");
    table << "architecture,accuracy\n";
    for (std::string row; std::getline(rows, row);) {
      if (row.empty() || row[0] < '0' || row[0] > '9') continue;
      const std::string text = row.substr(0, row.find(','));
      known_.insert(text);
      table << text << ',' << length_accuracy(text) << '\n';
    }
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  static double length_accuracy(const std::string& text) { return 20 + static_cast<double>(text.size()) / 2; }

  /// The front of a run with these accuracies.
  nlohmann::json front(const std::string& accuracy) {
    const auto run = oneproxy_command(
        folder_,
        "run --json --space " + space + " --proxy " + path("board.json") + " --target roofline\\(device=s5e\\) " +
            "--accuracy '" + accuracy + "' --samples 10 --front 4 --population 60 --generations 4 --out " + path("run"),
        "export PYTHONPATH=" + path("") + ";");
    EXPECT_EQ(run.status, 0) << accuracy << ": " << run.err;
    if (run.status != 0) return nlohmann::json::array();
    const auto found = run.json()["front"];
    EXPECT_FALSE(found.empty()) << accuracy;
    return found;
  }

  TemporaryFolder folder_;
  std::set<std::string> known_;
};

TEST_F(OwnAccuracy, RunTakesATableAndChoosesAmongItsNetworks) {
  for (const auto& network : front(path("table.csv"))) {
    const std::string text = network["text"];
    EXPECT_TRUE(known_.contains(text)) << text;
    EXPECT_NEAR(network["predicted_accuracy"].get<double>(), length_accuracy(text), 1e-4);
  }
}

TEST_F(OwnAccuracy, RunTakesACommand) {
  for (const auto& network : front("command(run=\"awk \\\"{print 20 + 0.5 * length}\\\" {networks}\")")) {
    EXPECT_NEAR(network["predicted_accuracy"].get<double>(), length_accuracy(network["text"]), 1e-4);
  }
}

TEST_F(OwnAccuracy, RunTakesAFunctionOfPython) {
  if (std::system("python3 -c '' > /dev/null 2>&1") != 0) GTEST_SKIP() << "python3 is absent";
  for (const auto& network : front("python:mine.accuracy")) {
    double depth = 0;
    for (const auto& stage : network["architecture"]["depth"]) depth += stage.get<int>();
    EXPECT_EQ(network["predicted_accuracy"].get<double>(), depth);
  }
}

TEST_F(OwnAccuracy, SearchChoosesAmongTheNetworksOfATable) {
  const std::string search =
      "search --json --space " + space + " --latency " + path("board.json") + " --accuracy " + path("table.csv") + " ";
  const auto whole = oneproxy_command(folder_, search);
  ASSERT_EQ(whole.status, 0) << whole.err;
  const auto found = whole.json()["front"];
  ASSERT_GE(found.size(), 2U);
  for (const auto& network : found) EXPECT_TRUE(known_.contains(network["text"].get<std::string>()));
  // A limit between the first two of the front is met by the first alone.
  const double first = found[0]["latency_ms"];
  const double second = found[1]["latency_ms"];
  const auto limited = oneproxy_command(folder_, search + "--limit-ms " + std::to_string((first + second) / 2));
  ASSERT_EQ(limited.status, 0) << limited.err;
  EXPECT_EQ(limited.json()["front"], nlohmann::json::array({found[0]}));
  const auto refused = oneproxy_command(folder_, search + "--limit-ms " + std::to_string(first / 2));
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("no architecture of the table meets it"), std::string::npos) << refused.err;
}

TEST_F(OwnAccuracy, WhatIsWrongWithItIsToldBeforeAnythingIsMeasured) {
  for (const auto& [accuracy, part] :
       std::initializer_list<std::pair<std::string, std::string>>{{"accuracy.txt", "python:MODULE.FUNCTION"},
                                                                  {"python:absent_module.f", "ModuleNotFoundError"},
                                                                  {"command(run=\"true\")", "expected command(run"}}) {
    if (part == "ModuleNotFoundError" && std::system("python3 -c '' > /dev/null 2>&1") != 0) continue;
    const auto refused = oneproxy_command(folder_, "run --space " + space + " --proxy " + path("board.json") +
                                                       " --target roofline\\(device=s5e\\) --accuracy '" + accuracy +
                                                       "' --out " + path("refused"));
    EXPECT_EQ(refused.status, 2) << accuracy;
    EXPECT_EQ(refused.error_lines(), 1U) << refused.err;
    EXPECT_NE(refused.err.find(part), std::string::npos) << refused.err;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "refused/measurements.sqlite"));
  }
}

}  // namespace
}  // namespace oneproxy::test
