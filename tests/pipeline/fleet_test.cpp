#include "oneproxy/pipeline/fleet.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/search/exhaustive.hpp"
#include "pipeline/fleet_fixture.hpp"

namespace oneproxy::test {
namespace {

using nlohmann::json;

std::vector<json> devices_in(const std::filesystem::path& folder) {
  std::ifstream in(folder / "devices.jsonl");
  std::vector<json> lines;
  std::string line;
  while (std::getline(in, line)) lines.push_back(json::parse(line));
  lines.erase(lines.begin());  // the header
  return lines;
}

struct FinishedFleet {
  FleetFolder folder;
  FleetFindings findings;

  FinishedFleet(const SmallFleet& fleet, std::size_t threads) {
    ThreadWorkers workers(threads);
    findings = run_fleet(fleet.problem(), fleet.options, workers, folder.path(), false, {});
  }
};

TEST(Fleet, SameBytesOnAnyNumberOfThreads) {
  const SmallFleet fleet(23);
  const FinishedFleet one(fleet, 1);
  const std::string expected = results_in(one.folder.path());
  for (const std::size_t threads : {2, 5}) {
    SCOPED_TRACE(threads);
    EXPECT_EQ(results_in(FinishedFleet(fleet, threads).folder.path()), expected);
  }
}

// Stopped at any device, and torn in the middle of a line besides, a run goes on to the same bytes.
TEST(Fleet, GoesOnWhereItWasStopped) {
  const SmallFleet fleet(12);
  const std::string expected = results_in(FinishedFleet(fleet, 2).folder.path());
  for (std::size_t stop = 0; stop <= 12; stop += 3) {
    SCOPED_TRACE("stopped at device " + std::to_string(stop));
    const FleetFolder folder;
    const auto start = [&](std::size_t last, bool resume) {
      ThreadWorkers workers(2);
      return run_fleet(fleet.problem(), fleet.options, workers, folder.path(), resume,
                       [&](const Progress& p) { return p.step != "devices" || p.done < last; });
    };
    if (stop == 0) {
      ThreadWorkers workers(2);
      EXPECT_THROW(run_fleet(fleet.problem(), fleet.options, workers, folder.path(), false,
                             [](const Progress& p) { return p.step != "searching" || p.done < 2; }),
                   Stopped);
    } else {
      EXPECT_THROW(start(stop, false), Stopped);
      EXPECT_THROW(start(100, false), InputError) << "there are results already";
      const std::string all = folder.read("devices.jsonl");
      const std::size_t cut = all.size() - 40 * (stop % 2);
      std::ofstream(folder.path() / "devices.jsonl", std::ios::binary | std::ios::trunc) << all.substr(0, cut);
    }
    const FleetFindings findings = start(100, true);
    EXPECT_EQ(findings.kept_count, stop == 0 ? 0 : stop - stop % 2);
    EXPECT_EQ(results_in(folder.path()), expected);
  }
}

TEST(Fleet, AFinishedOneIsLeftAsItIs) {
  const SmallFleet fleet(5);
  const FinishedFleet run(fleet, 1);
  const std::string expected = results_in(run.folder.path());
  ThreadWorkers workers(1);
  EXPECT_EQ(run_fleet(fleet.problem(), fleet.options, workers, run.folder.path(), true, {}).kept_count, 5U);
  EXPECT_EQ(results_in(run.folder.path()), expected);
}

TEST(Fleet, RefusesToGoOnWithAnother) {
  SmallFleet fleet(5);
  const FinishedFleet run(fleet, 1);
  const std::string expected = run.folder.read("devices.jsonl");
  ThreadWorkers workers(1);
  const auto resume = [&] { run_fleet(fleet.problem(), fleet.options, workers, run.folder.path(), true, {}); };
  fleet.options.limit_count = 6;
  EXPECT_THROW(resume(), InputError);
  fleet.options.limit_count = 5;
  fleet.samples.latency_ms(0, 0) *= 1.01;
  EXPECT_THROW(resume(), InputError);
  EXPECT_EQ(run.folder.read("devices.jsonl"), expected);
}

TEST(Fleet, FrontsAndLimitsHoldWhatTheySay) {
  const SmallFleet fleet(10);
  const FinishedFleet run(fleet, 2);
  std::istringstream networks(run.folder.read("networks.csv"));
  std::string line;
  std::getline(networks, line);
  EXPECT_EQ(line, "network,accuracy,architecture");
  std::vector<double> accuracy;
  std::vector<Architecture> xs;
  while (std::getline(networks, line)) {
    const std::size_t first = line.find(','), second = line.find(',', first + 1);
    ASSERT_EQ(line.substr(0, first), std::to_string(xs.size()));
    accuracy.push_back(std::stod(line.substr(first + 1)));
    xs.push_back(fleet.space->parse(line.substr(second + 1)));
  }
  EXPECT_EQ(xs.size(), run.findings.network_count);
  const auto devices = devices_in(run.folder.path());
  ASSERT_EQ(devices.size(), 10U);
  for (std::size_t d = 0; d < devices.size(); ++d) {
    SCOPED_TRACE("device " + std::to_string(d));
    const DeviceModel model = model_device(fleet.problem(), fleet.options, d);
    const LinearPredictor predictor(fleet.space, model.weights_ms);
    // The front of all networks, found in another way.
    const Front expected = search_exhaustive({*fleet.space, predictor, *fleet.accuracy}, xs);
    const json& front = devices[d].at("front");
    ASSERT_LE(front.size(), 6U);
    EXPECT_EQ(xs.at(front.front().at(0).get<std::size_t>()), expected.front().architecture);
    EXPECT_EQ(xs.at(front.back().at(0).get<std::size_t>()), expected.back().architecture);
    const json& limits = devices[d].at("limits");
    ASSERT_EQ(limits.size(), 5U);
    const double low = expected.front().latency_ms, high = expected.back().latency_ms;
    for (std::size_t i = 0; i < limits.size(); ++i) {
      const double limit = i == 4 ? high : low + (high - low) * static_cast<double>(i + 1) / 5;
      EXPECT_NEAR(limits[i].at(0).get<double>(), limit, 1e-4 * limit);
      const Candidate* best = best_within(expected, limit);
      ASSERT_NE(best, nullptr);
      EXPECT_EQ(xs.at(limits[i].at(1).get<std::size_t>()), best->architecture);
      EXPECT_NEAR(limits[i].at(2).get<double>(), best->latency_ms, 1e-4 * limit);
    }
    EXPECT_LE(devices[d].at("cluster_front").get<double>(), 1.0);
  }
}

TEST(Fleet, LimitsOfTheUserThatNoNetworkMeetsAreNull) {
  SmallFleet fleet(3);
  fleet.options.limits_ms = {1e-6, 1e6};
  const FinishedFleet run(fleet, 1);
  for (const json& device : devices_in(run.folder.path())) {
    EXPECT_EQ(device.at("limits").at(0), json({1e-6, nullptr, nullptr}));
    EXPECT_TRUE(device.at("limits").at(1).at(1).is_number());
  }
}

// What is not monotone is adapted, and the truth of simulated devices says that it helps.
TEST(Fleet, AdaptingHelpsDevicesThatAreUnlikeAllKnownOnes) {
  const SmallFleet fleet(40, 0.6);
  const FinishedFleet run(fleet, 2);
  double before = 0, after = 0;
  std::size_t adapted = 0;
  for (const json& device : devices_in(run.folder.path())) {
    if (device.at("decision") == "monotone") {
      EXPECT_TRUE(device.at("srcc").at("after").is_null());
      EXPECT_TRUE(device.at("lambda").is_null());
      EXPECT_EQ(device.at("truth").at("srcc_before"), device.at("truth").at("srcc_after"));
      continue;
    }
    ++adapted;
    before += device.at("truth").at("srcc_before").get<double>();
    after += device.at("truth").at("srcc_after").get<double>();
  }
  EXPECT_GT(adapted, 10U);
  EXPECT_GT(after, before);
}

// Ranks devices that no known one is like, better than the nearest known one does, and knows how well.
TEST(Fleet, ThePosteriorKnowsHowWellItRanks) {
  const SmallFleet fleet(40, 0.6);
  const FleetPosterior posterior(fleet.space, fleet.proxies, fleet.samples.architectures, 1);
  FleetProblem problem = fleet.problem();
  problem.posterior = &posterior;
  const FleetFolder folder;
  ThreadWorkers workers(2);
  run_fleet(problem, fleet.options, workers, folder.path(), false, {});
  double before = 0, after = 0, expected = 0;
  for (const json& device : devices_in(folder.path())) {
    before += device.at("truth").at("srcc_before").get<double>() / 40;
    after += device.at("truth").at("srcc_after").get<double>() / 40;
    expected += device.at("srcc").at("after").get<double>() / 40;
    EXPECT_TRUE(device.at("lambda").is_null());
  }
  EXPECT_GT(after, before + 0.05);
  EXPECT_NEAR(expected, after, 0.05);  // the mean of 40 devices whose own errors are about 0.1
  EXPECT_THROW(run_fleet(fleet.problem(), fleet.options, workers, folder.path(), true, {}), InputError)
      << "another method";
}

// Every device is in the cluster of the chosen proxy that its samples agree with most, and every proxy in its own.
TEST(Fleet, ClustersAreThoseOfTheNearestProxy) {
  const SmallFleet fleet(30, 0.8);
  const FinishedFleet run(fleet, 2);
  const FleetCover& cover = run.findings.cover;
  ASSERT_GT(cover.steps.size(), 1U);
  EXPECT_EQ(cover.steps.back().covered, 30U);
  for (std::size_t d = 0; d < 30; ++d) {
    double best = -2;
    for (const auto& step : cover.steps) {
      best = std::max(best, srcc(fleet.samples.latencies(d), fleet.samples.latencies(step.proxy)));
    }
    EXPECT_NEAR(cover.cluster_srcc[d], best, 1e-9);
    EXPECT_GE(cover.cluster_srcc[d], 0.9);
  }
  for (std::size_t k = 0; k < cover.steps.size(); ++k) EXPECT_EQ(cover.cluster[cover.steps[k].proxy], k);
}

TEST(Fleet, OfManyDevicesSomeAreConsideredAsProxies) {
  SmallFleet fleet(30, 0.8);
  fleet.options.candidate_count = 10;
  const FinishedFleet run(fleet, 2);
  EXPECT_EQ(run.findings.cover.candidates.size(), 10U);
  EXPECT_EQ(run.findings.cover.steps.back().covered, 10U);
  EXPECT_EQ(run.findings.cover.cluster.size(), 30U);
  EXPECT_EQ(devices_in(run.folder.path()).size(), 30U);
  // 10 x 10 floats after a header that ends at a multiple of 64 bytes.
  EXPECT_EQ(run.folder.read("srcc.npy").size(), 128U + 400U);
}

TEST(Fleet, DevicesMayLackSamples) {
  SmallFleet fleet(8);
  for (Eigen::Index i = 0; i < 25; ++i) fleet.samples.latency_ms(i, 2) = std::nan("");
  const FinishedFleet run(fleet, 2);
  const auto devices = devices_in(run.folder.path());
  EXPECT_EQ(devices[2].at("samples"), 15);
  EXPECT_EQ(devices[3].at("samples"), 40);
  EXPECT_FALSE(devices[2].at("front").empty());
}

}  // namespace
}  // namespace oneproxy::test
