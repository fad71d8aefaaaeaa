// A disk without space under a campaign's and a run's folder, on a small file system that the tests mount.
#include <gtest/gtest.h>

#include <set>

#include "../small_disk.hpp"
#include "command.hpp"

namespace oneproxy::test {
namespace {

constexpr const char* tiny_space =
    "mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)";
constexpr int roomy_kb = 64 << 10;

class SlowFullDisk : public testing::Test {
 protected:
  /// Everything in a store, one line each.
  std::set<std::string> rows(const std::filesystem::path& store) {
    const auto file = folder_ / "rows.jsonl";
    const Outcome outcome =
        oneproxy_command(folder_, "store export " + store.string() + " --format jsonl --quiet --out " + file.string());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    std::istringstream lines(slurp(file));
    std::set<std::string> found;
    for (std::string line; std::getline(lines, line);) found.insert(line);
    return found;
  }

  void expect_full(const Outcome& outcome, const SmallDisk& disk) {
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
    EXPECT_NE(outcome.err.find((disk / "out").string()), std::string::npos) << "names no file: " << outcome.err;
    EXPECT_NE(outcome.err.find("cannot be written: "), std::string::npos) << outcome.err;
  }

  TemporaryFolder folder_;
};

TEST_F(SlowFullDisk, ACampaignLosesNothingAndGoesOn) {
  const auto plan = folder_ / "plan.json";
  std::ofstream(plan) << "{\"spaces\": [\"" << tiny_space
                      << "\"], \"devices\": [\"onednn\"], \"samples\": 200, \"repeats\": 30, \"calibrate\": false,"
                         "\"protocol\": {\"budget_ms\": 2, \"min_runs\": 6}}";
  for (const int kilobytes : {120, 250}) {
    SCOPED_TRACE(std::to_string(kilobytes) + " kB");
    SmallDisk disk(kilobytes);
    if (!disk.absent().empty()) GTEST_SKIP() << disk.absent();
    const std::string command = "campaign " + plan.string() + " --out " + (disk / "out").string();
    expect_full(oneproxy_command(folder_, command), disk);
    const auto store = disk / "out/measurements.sqlite";
    const auto kept = rows(store);
    EXPECT_GT(kept.size(), 5U);
    EXPECT_LT(kept.size(), 230U) << "the disk was large enough";
    ASSERT_TRUE(disk.resize(roomy_kb));
    const Outcome resumed = oneproxy_command(folder_, command + " --json");
    ASSERT_EQ(resumed.status, 0) << resumed.err;
    EXPECT_EQ(resumed.json()["spaces"][0]["devices"][0]["networks"], 200);
    const auto all = rows(store);
    EXPECT_EQ(all.size(), 230U);
    EXPECT_TRUE(std::ranges::includes(all, kept)) << "a measurement was lost or made again";
    EXPECT_EQ(oneproxy_command(folder_, "store list --json " + store.string()).json().size(), 1U) << "a run begun anew";
  }
}

TEST_F(SlowFullDisk, ARunLosesNothingAndGoesOn) {
  const std::string space = "'" + std::string(tiny_space) + "'";
  const std::string quick = " --quiet --min-runs 6 --budget-ms 3 ";
  const std::string table = (folder_ / "latency.csv").string();
  const std::string proxy = (folder_ / "cpu.json").string();
  ASSERT_EQ(oneproxy_command(folder_, "measure --space " + space + " --device onednn --name cpu --samples 120 --out " +
                                          table + quick)
                .status,
            0);
  ASSERT_EQ(oneproxy_command(folder_, "proxy fit --space " + space + " --table " + table + " --out " + proxy).status,
            0);
  const auto accuracy = folder_ / "accuracy.csv";
  {
    std::ofstream csv(accuracy);
    csv << "architecture,accuracy\n";
    const auto sampled = oneproxy_command(folder_, "space --space " + space + " --seed 5 --json --samples 400").json();
    for (const auto& x : sampled) {
      csv << x["text"].get<std::string>() << ',' << 60 + x["flops"].get<double>() / 1e6 << '\n';
    }
  }
  bool store_was_full = false;
  bool results_were_full = false;
  // From a disk on which the store does not fit to one on which everything does.
  for (const int kilobytes : {60, 150, 220, 300, 420, 600, 900, 1400}) {
    SCOPED_TRACE(std::to_string(kilobytes) + " kB");
    SmallDisk disk(kilobytes);
    if (!disk.absent().empty()) GTEST_SKIP() << disk.absent();
    const std::string command = "run --space " + space + " --proxy " + proxy + " --accuracy " + accuracy.string() +
                                " --target onednn --samples 20 --max-samples 30 --front 8 --out " +
                                (disk / "out").string() + quick;
    const Outcome first = oneproxy_command(folder_, command);
    if (first.status == 0) break;
    expect_full(first, disk);
    const auto store = disk / "out/measurements.sqlite";
    const bool store_full = first.err.find(store.string() + ": ") != std::string::npos;
    (store_full ? store_was_full : results_were_full) = true;
    const auto kept = rows(store);
    ASSERT_TRUE(disk.resize(roomy_kb));
    const Outcome resumed = oneproxy_command(folder_, command + " --resume --json");
    ASSERT_EQ(resumed.status, 0) << resumed.err;
    const auto all = rows(store);
    EXPECT_TRUE(std::ranges::includes(all, kept)) << "a measurement was lost or made again";
    for (const auto& network : resumed.json()["front"]) {
      const auto onnx = disk / ("out/" + network["onnx"].get<std::string>());
      EXPECT_GT(std::filesystem::file_size(onnx), 1000U) << onnx;
    }
  }
  EXPECT_TRUE(store_was_full);
  EXPECT_TRUE(results_were_full);
}

}  // namespace
}  // namespace oneproxy::test
