#include "oneproxy/pipeline/fleet_samples.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/base/error.hpp"
#include "pipeline/fleet_fixture.hpp"

namespace oneproxy::test {
namespace {

using Eigen::Index;

std::vector<Architecture> some(const SpacePtr& space, std::size_t count) {
  Rng rng(5);
  return space->sample_distinct(count, rng);
}

double median_of_pairs(const Eigen::MatrixXd& latency_ms) {
  const auto srcc = srcc_matrix(latency_ms);
  std::vector<double> pairs;
  for (Index i = 0; i < srcc.rows(); ++i) {
    for (Index j = 0; j < i; ++j) pairs.push_back(srcc(i, j));
  }
  std::ranges::sort(pairs);
  return pairs[pairs.size() / 2];
}

TEST(SimulateDevices, MeetTheMedianSrcc) {
  const SpacePtr space = small_space();
  const std::vector<Proxy> base{{"a", random_costs(space, 1)}, {"b", random_costs(space, 2)}};
  const auto xs = some(space, 50);
  for (const double wanted : {0.6, 0.8, 0.9}) {
    SCOPED_TRACE(wanted);
    const auto made = simulate_devices({.count = 200, .median_srcc = wanted}, base, xs);
    EXPECT_NEAR(median_of_pairs(made.latency_ms), wanted, 0.002);  // the steps of 200 devices' pairs are finer
    EXPECT_GT(made.latency_ms.minCoeff(), 0);
  }
  // More devices than the 500 that are fitted: the others are of the same kind.
  const auto many = simulate_devices({.count = 700, .median_srcc = 0.8}, base, xs);
  EXPECT_NEAR(median_of_pairs(many.latency_ms), 0.8, 0.02);
}

TEST(SimulateDevices, DependOnTheSeedAlone) {
  const SpacePtr space = small_space();
  const std::vector<Proxy> base{{"a", random_costs(space, 1)}};
  const auto xs = some(space, 50);
  const auto one = simulate_devices({.count = 30, .seed = 4}, base, xs);
  EXPECT_EQ(one.latency_ms, simulate_devices({.count = 30, .seed = 4}, base, xs).latency_ms);
  EXPECT_NE(one.latency_ms, simulate_devices({.count = 30, .seed = 5}, base, xs).latency_ms);
}

TEST(SimulateDevices, RefuseWhatCannotBe) {
  const SpacePtr space = small_space();
  const std::vector<Proxy> base{{"a", random_costs(space, 1)}};
  // Measurements of 30% noise do not agree that much, however alike the devices are.
  EXPECT_THROW(simulate_devices({.count = 30, .median_srcc = 0.99, .noise = 0.3}, base, some(space, 50)), InputError);
}

class GatherSamples : public ::testing::Test {
 protected:
  /// A table of these latencies, one column each, over the first `rows` architectures.
  std::filesystem::path table(const std::string& name, const std::vector<std::string>& columns, std::size_t rows) {
    ArchTable t;
    t.columns = columns;
    t.architectures.assign(xs_.begin(), xs_.begin() + static_cast<std::ptrdiff_t>(rows));
    t.values.resize(static_cast<Index>(rows), std::ssize(columns));
    for (Index i = 0; i < t.values.rows(); ++i) {
      for (Index j = 0; j < t.values.cols(); ++j)
        t.values(i, j) = 1 + static_cast<double>(i) + 100.0 * static_cast<double>(j);
    }
    if (name == "gap.csv") t.values(0, 0) = std::nan("");
    write_arch_table(folder_.path() / name, *space_, t);
    return folder_.path() / name;
  }
  FleetSamples gather(const MeasureLive& measure = {}) {
    return gather_samples(file_, space_, proxies_, {}, xs_, measure);
  }

  FleetFolder folder_;
  SpacePtr space_ = small_space();
  std::vector<Architecture> xs_ = some(space_, 100);
  std::vector<Proxy> proxies_{{"known", random_costs(space_, 1)}};
  FleetFile file_;
};

TEST_F(GatherSamples, TakesTheRowsThatAllTablesHave) {
  file_.sample_count = 30;
  file_.devices.emplace_back(TableColumns{table("many.csv", {"a", "b"}, 100), {}});
  file_.devices.emplace_back(TableColumns{table("few.csv", {"c", "d"}, 40), {"d"}});
  const FleetSamples samples = gather();
  ASSERT_EQ(samples.devices.size(), 3U);
  EXPECT_EQ(samples.devices[2].name, "d");
  EXPECT_EQ(samples.architectures.size(), 30U);
  EXPECT_FALSE(samples.latency_ms.hasNaN());
  for (std::size_t i = 0; i < 30; ++i) {
    const auto row = std::ranges::find(xs_, samples.architectures[i]) - xs_.begin();
    EXPECT_LT(row, 40);
    EXPECT_EQ(samples.latency_ms(static_cast<Index>(i), 2), 101.0 + static_cast<double>(row));
  }
}

TEST_F(GatherSamples, MissingLatenciesAreMissing) {
  file_.devices.emplace_back(TableColumns{table("gap.csv", {"a", "b"}, 10), {}});
  const FleetSamples samples = gather();
  EXPECT_EQ(samples.measured(0).size(), 9U);
  EXPECT_EQ(samples.latencies(0).size(), 9U);
  EXPECT_EQ(samples.measured(1).size(), 10U);
  EXPECT_EQ(std::ranges::count(samples.measured(0), xs_[0]), 0);
}

TEST_F(GatherSamples, MeasuresLiveDevicesOnTheSameArchitectures) {
  file_.sample_count = 20;
  file_.devices.emplace_back(TableColumns{table("t.csv", {"a"}, 50), {}});
  file_.devices.emplace_back(LiveDevice{"here", "onednn"});
  const FleetSamples samples = gather([&](const LiveDevice& live, std::span<const Architecture> xs) {
    EXPECT_EQ(live.description, "onednn");
    std::vector<double> latency;
    for (const auto& x : xs) latency.push_back(proxies_[0].predictor->latency_ms({&x, 1})[0]);
    return latency;
  });
  EXPECT_EQ(samples.devices[1].source, FleetSource::live);
  const Eigen::VectorXd expected = proxies_[0].predictor->latency_ms(samples.architectures);
  EXPECT_EQ(samples.latency_ms.col(1), expected);
}

TEST_F(GatherSamples, RefusesNamesThatStandTwiceAndTooFewLatencies) {
  file_.devices.emplace_back(TableColumns{table("one.csv", {"a"}, 50), {}});
  file_.devices.emplace_back(TableColumns{table("two.csv", {"a"}, 50), {}});
  EXPECT_THROW(gather(), InputError);
  file_.devices.clear();
  file_.devices.emplace_back(TableColumns{table("short.csv", {"a"}, 5), {}});
  EXPECT_THROW(gather(), InputError);
  file_.devices.clear();
  file_.devices.emplace_back(TableColumns{table("one.csv", {"a"}, 50), {"b"}});
  EXPECT_THROW(gather(), InputError);
}

TEST_F(GatherSamples, FitsAPredictorToEachColumn) {
  const auto fitted = fit_columns({table("known.csv", {"a", "b"}, 60), {"b"}}, space_, 1);
  ASSERT_EQ(fitted.size(), 1U);
  EXPECT_EQ(fitted[0].name, "b");
  EXPECT_EQ(fitted[0].predictor->training().sample_count, 60U);
}

}  // namespace
}  // namespace oneproxy::test
