#include "oneproxy/report/fleet_files.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "pipeline/fleet_fixture.hpp"

namespace oneproxy::test {
namespace {

using nlohmann::json;

class FleetFiles : public ::testing::Test {
 protected:
  FleetFiles() {
    ThreadWorkers workers(2);
    findings_ = run_fleet(fleet_.problem(), fleet_.options, workers, folder_.path(), false, {});
  }
  json result() { return fleet_json(folder_.path(), fleet_.problem(), fleet_.options, findings_); }

  SmallFleet fleet_{30, 0.8};
  FleetFolder folder_;
  FleetFindings findings_;
};

// Every total is the sum of the lines of devices.jsonl.
TEST_F(FleetFiles, TotalsAreThoseOfTheDevices) {
  const json r = result();
  EXPECT_EQ(r.at("format"), "oneproxy-fleet-result");
  EXPECT_EQ(r.at("device_count"), 30);
  EXPECT_EQ(r.at("devices").at("simulated"), 30);
  EXPECT_EQ(r.at("measurements"), 30 * 40);
  EXPECT_EQ(r.at("samples").size(), 40U);
  std::size_t in_clusters = 0, nearest = 0, monotone = 0, decided = 0;
  for (const auto& cluster : r.at("clusters")) {
    in_clusters += cluster.at("devices").get<std::size_t>();
    EXPECT_FALSE(cluster.at("front").empty());
    EXPECT_GE(cluster.at("lowest_srcc").get<double>(), 0.9);
  }
  for (const auto& proxy : r.at("known_proxies")) {
    nearest += proxy.at("nearest").get<std::size_t>();
    monotone += proxy.at("monotone").get<std::size_t>();
  }
  for (const auto& [name, count] : r.at("decisions").items()) decided += count.get<std::size_t>();
  EXPECT_EQ(in_clusters, 30U);
  EXPECT_EQ(nearest, 30U);
  EXPECT_EQ(decided, 30U);
  EXPECT_EQ(monotone, r.at("decisions").value("monotone", std::size_t{0}));
  EXPECT_EQ(r.at("srcc").at("before").at("devices"), 30);
  EXPECT_EQ(r.at("srcc").at("adapted_after").at("devices").get<std::size_t>(), 30 - monotone);
  EXPECT_EQ(r.at("coverage").back().at("share"), 1.0);
  EXPECT_EQ(r.at("limits").size(), 5U);
  EXPECT_TRUE(r.at("limits").at(0).at("limit_ms").is_null());
  EXPECT_EQ(r.at("monotonicity").at("all").at("quantiles").size(), 101U);
  EXPECT_EQ(r.at("monotonicity").at("blocks").size(), 30U);
  EXPECT_EQ(r.at("truth").at("srcc_after").at("deciles").size(), 11U);
  EXPECT_EQ(r.at("cost").at("rows").size(), 8U);
}

TEST_F(FleetFiles, WritesResultSummaryAndRun) {
  const json r = result();
  write_fleet_files(folder_.path(), r, {.process_count = 2, .thread_count = 1, .seconds = 9, .device_count = 30},
                    {{"oneproxy", "1"}});
  EXPECT_EQ(json::parse(folder_.read("result.json")), r);
  EXPECT_EQ(folder_.read("summary.txt"), fleet_text(r));
  const json run = json::parse(folder_.read("run.json"));
  EXPECT_EQ(run.at("processes"), 2);
  EXPECT_NEAR(run.at("compute_machine_hours").get<double>(), 18.0 / 3600, 1e-12);
}

// However large the fleet, the summary fits a screen or two.
TEST_F(FleetFiles, SummaryIsShort) {
  const std::string text = fleet_text(result());
  EXPECT_LT(std::ranges::count(text, '\n'), 60);
  for (const char* expected : {"30 devices", "Known proxies", "Machine-hours", "Simulated devices"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << text;
  }
}

TEST_F(FleetFiles, NamesWhatIsNotWhole) {
  const std::string all = folder_.read("devices.jsonl");
  const auto put = [&](const std::string& text) {
    std::ofstream(folder_.path() / "devices.jsonl", std::ios::binary | std::ios::trunc) << text;
  };
  put(all.substr(0, all.size() / 2));
  EXPECT_THROW(result(), InputError);
  put(all.substr(0, all.rfind('\n', all.size() - 2) + 1));
  EXPECT_THROW(result(), InputError);
}

}  // namespace
}  // namespace oneproxy::test
