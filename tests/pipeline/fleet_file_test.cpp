#include "oneproxy/pipeline/fleet_file.hpp"

#include <gtest/gtest.h>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "pipeline/fleet_fixture.hpp"

namespace oneproxy::test {
namespace {

class ReadFleetFile : public ::testing::Test {
 protected:
  FleetFile read(const std::string& text) {
    write_file(folder_.path() / "fleet.json", text);
    return read_fleet_file(folder_.path() / "fleet.json");
  }
  FleetFolder folder_;
};

TEST_F(ReadFleetFile, TakesEveryField) {
  const FleetFile fleet = read(R"json({
    "space": "nas_bench_201", "accuracy": "acc.csv", "accuracy_column": "cifar10",
    "proxies": ["onnxruntime", "mine.json", {"table": "/abs/known.csv", "columns": ["a"]}],
    "devices": [{"table": "sub/few.csv"},
                {"live": "onednn(threads=1)", "name": "here"},
                {"live": "onnxruntime"},
                {"simulate": 20, "name": "s", "base": ["x"], "median_srcc": 0.7, "deviation": 0.4, "resampled": 0.2,
                 "noise": 0.01, "seed": 9}],
    "samples": 60, "limits": 12, "limits_ms": [1, 2.5], "method": "eqn3", "front": 7, "searches": 5, "threshold": 0.95, "seed": 3,
    "cost": {
  "seconds_per_measurement" : 5, "predictor_measurements" : 1000, "training_hours" : 10, "accuracy_hours" : 2
}
})json");
  EXPECT_EQ(fleet.space, "nas_bench_201");
  EXPECT_EQ(fleet.accuracy, folder_.path() / "acc.csv");
  EXPECT_EQ(fleet.accuracy_column, "cifar10");
  ASSERT_EQ(fleet.proxies.size(), 3U);
  EXPECT_EQ(std::get<std::string>(fleet.proxies[0]), "onnxruntime");
  EXPECT_EQ(std::get<std::string>(fleet.proxies[1]), (folder_.path() / "mine.json").string());
  EXPECT_EQ(std::get<TableColumns>(fleet.proxies[2]).file, "/abs/known.csv");
  ASSERT_EQ(fleet.devices.size(), 4U);
  EXPECT_EQ(std::get<TableColumns>(fleet.devices[0]).file, folder_.path() / "sub/few.csv");
  EXPECT_EQ(std::get<LiveDevice>(fleet.devices[1]).name, "here");
  EXPECT_EQ(std::get<LiveDevice>(fleet.devices[2]).name, "onnxruntime");
  const auto& s = std::get<Simulation>(fleet.devices[3]);
  EXPECT_EQ(s.count, 20U);
  EXPECT_EQ(s.base.size(), 1U);
  EXPECT_EQ(s.median_srcc, 0.7);
  EXPECT_EQ(s.deviation, 0.4);
  EXPECT_EQ(s.resampled, 0.2);
  EXPECT_EQ(s.noise, 0.01);
  EXPECT_EQ(s.seed, 9U);
  EXPECT_EQ(fleet.sample_count, 60U);
  EXPECT_EQ(fleet.limit_count, 12U);
  EXPECT_EQ(fleet.limits_ms, (std::vector<double>{1, 2.5}));
  EXPECT_FALSE(fleet.posterior);
  EXPECT_EQ(fleet.front_count, 7U);
  EXPECT_EQ(fleet.search_count, 5U);
  EXPECT_EQ(fleet.threshold, 0.95);
  EXPECT_EQ(fleet.seed, 3U);
  EXPECT_EQ(fleet.cost.latency_hours(), 5000.0 / 3600);
}

TEST_F(ReadFleetFile, NamesFileAndField) {
  const std::pair<const char*, const char*> faults[] = {
      {"{", "line 1"},
      {"[]", "expected an object"},
      {"{\n\"devices\": [{\"simulate\": 3}],\n}", "line 3"},
      {"{}", "devices"},
      {R"({"devices": {}})", "devices"},
      {R"({"devices": [{}]})", "devices[0].table"},
      {R"({"devices": [7]})", "devices[0]"},
      {R"({"devices": [{"simulate": 0}]})", "devices[0].simulate"},
      {R"({"devices": [{"simulate": -2}]})", "devices[0].simulate"},
      {R"({"devices": [{"simulate": 2}, {"simulate": 2, "noise": "much"}]})", "devices[1].noise"},
      {R"({"devices": [{"simulate": 2, "noize": 0}]})", "devices[0].noize: is no field of the format; did you mean"},
      {R"({"devices": [{"table": "x.csv", "columns": "a"}]})", "devices[0].columns"},
      {R"({"devices": [{"table": 3}]})", "devices[0].table"},
      {R"({"devices": [{"simulate": 2}], "samples": 5})", "samples"},
      {R"({"devices": [{"simulate": 2}], "limits_ms": [1, 0]})", "limits_ms"},
      {R"({"devices": [{"simulate": 2}], "threshold": 1.5})", "threshold"},
      {R"({"devices": [{"simulate": 2}], "proxies": [{"file": "x"}]})", "proxies[0]"},
      {R"({"devices": [{"simulate": 2}], "cost": {"training_hours": -1}})", "cost.training_hours"},
      {R"({"devices": [{"simulate": 2}], "method": "best"})", "method"},
      {R"({"devices": [{"simulate": 2}], "spase": "x"})", "spase"}};
  for (const auto& [text, expected] : faults) {
    try {
      read(text);
      ADD_FAILURE() << "accepted " << text;
    } catch (const InputError& error) {
      const std::string message = error.what();
      EXPECT_NE(message.find("fleet.json"), std::string::npos) << message;
      EXPECT_NE(message.find(expected), std::string::npos) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
  }
  EXPECT_THROW(read_fleet_file(folder_.path() / "none.json"), InputError);
}

}  // namespace
}  // namespace oneproxy::test
