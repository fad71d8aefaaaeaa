#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <sstream>

#include "command.hpp"

namespace oneproxy::test {
namespace {

constexpr const char* tiny_space =
    "mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)";

class CampaignCommand : public testing::Test {
 protected:
  std::string plan(const std::string& devices, const std::string& more = "") {
    const auto path = folder_ / "plan.json";
    std::ofstream(path) << "{\n // a comment\n \"spaces\": [\"" << tiny_space << "\"],\n \"devices\": " << devices
                        << ",\n \"protocol\": {\"budget_ms\": 2, \"min_runs\": 6}" << more << "}\n";
    return path.string();
  }
  Outcome run(const std::string& file, const std::string& more = "", const std::string& under = "") {
    return oneproxy_command(folder_, "campaign " + file + " --out " + (folder_ / "out").string() + " " + more, "",
                            under);
  }

  TemporaryFolder folder_;
};

TEST_F(CampaignCommand, MeasuresDevicesOfAllKindsAndComparesThem) {
  const std::string file =
      plan("[\"onednn\", {\"device\": \"xnnpack\", \"name\": \"x\"}, \"roofline(device=s5e)\", \"fpga(design=4)\"]",
           ", \"samples\": 30, \"repeats\": 10, \"calibrate\": false");
  const Outcome outcome = run(file, "--json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto space = outcome.json()["spaces"][0];
  ASSERT_EQ(space["devices"].size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(space["devices"][i]["networks"], 30);
    EXPECT_EQ(space["srcc"][i][i], 1);
    for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(space["srcc"][i][k], space["srcc"][k][i]);
  }
  EXPECT_EQ(space["devices"][0]["repeatability"]["networks"], 10);
  EXPECT_TRUE(space["devices"][2]["repeatability"].is_null());  // a model always agrees with itself
  EXPECT_EQ(space["devices"][0]["place"], "this machine");
  EXPECT_EQ(space["devices"][1]["place"], "this machine");
  EXPECT_GT(space["devices"][0]["cold_ms"], 0);
  const std::string csv = slurp(folder_ / "out/latency1.csv");
  EXPECT_NE(csv.find("architecture,onednn,x,roofline(device=s5e),fpga(design=4)\n"), std::string::npos) << csv;
  const std::string text = slurp(folder_ / "out/campaign.txt");
  EXPECT_NE(text.find("fastest on x"), std::string::npos);
  EXPECT_EQ(text.find("p90 "), text.find("p90          -")) << "6 runs claim no p90: " << text;

  // A second start measures nothing again.
  const auto before =
      oneproxy_command(folder_, "store export " + (folder_ / "out/measurements.sqlite").string() + " --out " +
                                    (folder_ / "before.jsonl").string() + " --format jsonl");
  ASSERT_EQ(before.status, 0) << before.err;
  ASSERT_EQ(run(file, "--quiet").status, 0);
  oneproxy_command(folder_, "store export " + (folder_ / "out/measurements.sqlite").string() + " --out " +
                                (folder_ / "after.jsonl").string() + " --format jsonl");
  EXPECT_EQ(slurp(folder_ / "before.jsonl"), slurp(folder_ / "after.jsonl"));
  EXPECT_GE(std::ranges::count(slurp(folder_ / "after.jsonl"), '\n'), 4 * 30 + 2 * 10);
}

TEST_F(CampaignCommand, ADeviceThatFailsDoesNotKeepTheOthersFromBeingMeasured) {
  const Outcome outcome = run(
      plan("[\"onednn\", {\"device\": \"command(run=\\\"echo broken; false\\\", read=tflite)\", \"name\": \"phone\"}]",
           ", \"samples\": 8, \"repeats\": 0, \"calibrate\": false"));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
  EXPECT_NE(outcome.err.find("1 of 2 devices could not be measured"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("its last line: broken"), std::string::npos) << outcome.err;
  EXPECT_NE(slurp(folder_ / "out/latency1.csv").find("architecture,onednn\n"), std::string::npos);
}

TEST_F(CampaignCommand, DevicesOfOnePlaceAreNeverMeasuredAtTheSameTimeOthersAre) {
  // Each command notes when it begins and ends.
  const std::string log = (folder_ / "log").string();
  const auto device = [&](const std::string& name, const std::string& place) {
    return "{\"device\": \"command(run=\\\"echo +" + name + " >> " + log + "; sleep 0.1; echo -" + name + " >> " + log +
           "; echo t=5\\\", read=\\\"regex:t=(.)\\\", repeats=1)\", \"name\": \"" + name + "\", \"place\": \"" + place +
           "\"}";
  };
  const Outcome outcome =
      run(plan("[" + device("a", "phone") + "," + device("b", "phone") + "," + device("c", "board") + "]",
               ", \"samples\": 5, \"repeats\": 0, \"calibrate\": false"));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  std::istringstream lines(slurp(log));
  std::set<std::string> running;
  bool together = false;
  for (std::string line; std::getline(lines, line);) {
    if (line[0] == '+') {
      running.insert(line.substr(1));
    } else {
      running.erase(line.substr(1));
    }
    EXPECT_FALSE(running.contains("a") && running.contains("b"));
    together = together || running.size() == 2;
  }
  EXPECT_TRUE(together);
}

TEST_F(CampaignCommand, SlowGoesOnAfterKills) {
  const std::string file =
      plan("[\"onednn\", \"roofline(device=s5e)\"]", ", \"samples\": 60, \"repeats\": 20, \"calibrate\": false");
  const char* const moments[] = {"0.2", "0.35", "0.5", "0.8"};
  for (const std::string moment : moments) run(file, "--quiet", "timeout -s KILL " + moment);
  const Outcome outcome = run(file, "--json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const std::string store = (folder_ / "out/measurements.sqlite").string();
  EXPECT_EQ(oneproxy_command(folder_, "store check " + store).status, 0);
  const auto listed = oneproxy_command(folder_, "store list --json " + store).json();
  ASSERT_EQ(listed.size(), 2U) << "a run was begun anew: " << listed;
  for (const auto& entry : listed) EXPECT_EQ(entry["measurements"]["sample"], 60);
}

TEST_F(CampaignCommand, SlowNothingIsLostByTwoHundredKills) {
  const std::string file = plan("[\"onednn\"]", ", \"samples\": 60, \"repeats\": 0, \"calibrate\": false");
  const std::string store = (folder_ / "out/measurements.sqlite").string();
  const auto rows = [&] {
    std::set<std::string> found;
    const auto out = folder_ / "rows.jsonl";
    std::filesystem::remove(out);
    oneproxy_command(folder_, "store export " + store + " --quiet --format jsonl --out " + out.string());
    std::istringstream lines(slurp(out));
    for (std::string line; std::getline(lines, line);) found.insert(line);
    return found;
  };
  const auto expect_whole = [&] {
    EXPECT_EQ(rows().size(), 60U);
    EXPECT_EQ(oneproxy_command(folder_, "store list --json " + store).json().size(), 1U) << "a run was begun anew";
    EXPECT_EQ(oneproxy_command(folder_, "store check " + store).status, 0);
  };
  std::mt19937 random(1);
  std::set<std::string> kept;
  for (int kills = 0; kills < 200;) {
    const std::string moment = std::to_string(0.02 + 0.3 * (random() % 1000) / 1000.0);
    if (run(file, "--quiet", "timeout -s KILL " + moment).status == 0) {  // it was done before: the next one begins
      expect_whole();
      std::filesystem::remove_all(folder_ / "out");
      kept.clear();
      continue;
    }
    if (++kills % 10 != 0 || !std::filesystem::exists(store)) continue;
    const auto now = rows();
    EXPECT_TRUE(std::ranges::includes(now, kept)) << "a measurement was lost or made again by kill " << kills;
    kept = now;
  }
  const Outcome outcome = run(file, "--json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  expect_whole();
  EXPECT_TRUE(std::ranges::includes(rows(), kept));
}

TEST_F(CampaignCommand, CalibratesAndTellsHowWellADeviceAgreesWithItself) {
  const Outcome outcome = run(plan("[\"onednn\"]", ", \"samples\": 20, \"repeats\": 20"), "--json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto device = outcome.json()["spaces"][0]["devices"][0];
  ASSERT_GE(device["calibration"].size(), 1U);
  for (std::size_t i = 1; i < device["calibration"].size(); ++i) {
    EXPECT_LT(device["calibration"][i - 1]["repeatability"]["srcc"], 0.98);
    EXPECT_EQ(device["calibration"][i]["budget_ms"], 2 * device["calibration"][i - 1]["budget_ms"].get<double>());
  }
  const bool warned = device["warnings"].dump().find("ranks networks with SRCC") != std::string::npos;
  EXPECT_EQ(warned, device["repeatability"]["srcc"].get<double>() < 0.98);
}

TEST_F(CampaignCommand, WrongPlansAreNamed) {
  const auto error = [&](const std::string& text) {
    const auto path = folder_ / "bad.json";
    std::ofstream(path) << text;
    const Outcome outcome = run(path.string());
    EXPECT_EQ(outcome.status, 2) << text;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
    return outcome.err;
  };
  const std::string space = "\"spaces\": [\"" + std::string(tiny_space) + "\"]";
  EXPECT_NE(error("{").find("expected a JSON object"), std::string::npos);
  EXPECT_NE(error("{}").find("field spaces: expected a list"), std::string::npos);
  EXPECT_NE(error("{" + space + "}").find("field devices: expected a list"), std::string::npos);
  EXPECT_NE(error("{" + space + ", \"devices\": [7]}").find("'7' is not a text"), std::string::npos);
  EXPECT_NE(error("{" + space + ", \"devices\": [\"onednn\"], \"sample\": 5}").find("did you mean 'samples'?"),
            std::string::npos);
  EXPECT_NE(error("{" + space + ", \"devices\": [\"onednn\"], \"samples\": -5}").find("field samples"),
            std::string::npos);
  EXPECT_NE(error("{" + space + ", \"devices\": [\"onednn\", \"onednn\"]}").find("two are named 'onednn'"),
            std::string::npos);
  EXPECT_NE(error("{" + space + ", \"devices\": [\"toaster\"]}").find("device 'toaster': is unknown"),
            std::string::npos);
}

TEST(StoreCommand, ListsExportsMergesAndChecks) {
  TemporaryFolder folder;
  const auto measure = [&](const std::string& name, int seed) {
    const Outcome outcome = oneproxy_command(folder, "measure --space '" + std::string(tiny_space) +
                                                         "' --device 'roofline(device=s5e)' --samples 12 --seed " +
                                                         std::to_string(seed) + " --out " + (folder / name).string());
    ASSERT_EQ(outcome.status, 0) << outcome.err;
  };
  measure("a.csv", 1);
  measure("b.csv", 2);
  const std::string a = (folder / "a.csv.sqlite").string();
  const std::string b = (folder / "b.csv.sqlite").string();
  const std::string both = (folder / "both.sqlite").string();
  const auto merged = oneproxy_command(folder, "store merge " + both + " " + a + " " + b + " --json").json();
  EXPECT_EQ(merged[0]["taken"], 12);
  EXPECT_EQ(merged[1]["taken"], 12);
  EXPECT_EQ(oneproxy_command(folder, "store merge " + both + " " + a + " --json").json()[0]["taken"], 0);
  EXPECT_EQ(oneproxy_command(folder, "store list " + both + " --json").json().size(), 2U);
  EXPECT_EQ(oneproxy_command(folder, "store check " + both + " --json").json()["readable"], 24);

  const std::string csv = (folder / "all.csv").string();
  ASSERT_EQ(oneproxy_command(folder, "store export " + both + " --out " + csv).status, 0);
  EXPECT_EQ(std::ranges::count(slurp(csv), '\n'), 25);
  EXPECT_NE(slurp(csv).find("\"mobilenet_v2(resolution=12, width=0.1"), std::string::npos);

  const std::string parquet = (folder / "all.parquet").string();
  const Outcome exported = oneproxy_command(folder, "store export " + both + " --format parquet --out " + parquet);
  if (exported.status == 0) {
    EXPECT_EQ(slurp(parquet).substr(0, 4), "PAR1");
  } else {  // without DuckDB
    EXPECT_NE(exported.err.find("scripts/bootstrap --parquet installs it"), std::string::npos) << exported.err;
    EXPECT_FALSE(std::filesystem::exists(parquet));
  }

  std::string bytes = slurp(both);
  for (std::size_t i = 2 * 4096; i < std::min<std::size_t>(bytes.size(), 3 * 4096); ++i) bytes[i] = 'x';
  std::ofstream(both, std::ios::binary | std::ios::trunc) << bytes;
  const Outcome damaged = oneproxy_command(folder, "store check " + both);
  EXPECT_EQ(damaged.status, 2);
  EXPECT_NE(damaged.err.find("faults; export what can be read"), std::string::npos) << damaged.err;
  EXPECT_EQ(oneproxy_command(folder, "store list " + (folder / "none").string()).status, 2);
}

}  // namespace
}  // namespace oneproxy::test
