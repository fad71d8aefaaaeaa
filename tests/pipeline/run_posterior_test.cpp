// A run by the few-shot posterior: intervals, promises, deadlines, further metrics.

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "fixtures.hpp"
#include "oneproxy/pipeline/run.hpp"

namespace oneproxy::test {
namespace {

class PosteriorRun : public testing::Test {
 protected:
  PosteriorRun() {
    options_.method = Method::posterior;
    options_.candidate_count = 600;
    options_.exhaustive = true;
  }

  RunResult run(Device& target) {
    const StoreFile file;
    Store store(file.path());
    RunSettings settings;
    settings.command = "test";
    settings.space = space_->description();
    settings.device = "calculated";
    const std::vector<Proxy> proxies{{"one", random_costs(space_, 1)}, {"two", random_costs(space_, 3)}};
    return run_algorithm1(space_, target, proxies, *accuracy_, options_, store, store.begin_run(settings), {});
  }

  SpacePtr space_ = small_space();
  std::shared_ptr<const LinearPredictor> accuracy_ = random_costs(space_, 2);
  RunOptions options_;
};

TEST_F(PosteriorRun, MeasuresNoMoreThanAskedForAndStopsByItself) {
  CalculatedDevice known(random_costs(space_, 1));  // one of the proxies
  const RunResult easy = run(known);
  EXPECT_LT(easy.samples.size(), options_.sample_count);
  EXPECT_GE(easy.samples.size(), options_.first_sample_count);
  ASSERT_TRUE(easy.expected_front.has_value());
  EXPECT_GT(*easy.expected_front, 0.98);

  CalculatedDevice unlike(random_costs(space_, 77));
  options_.sample_count = 30;
  options_.wanted_front = 1;
  EXPECT_LE(run(unlike).samples.size(), 30U);
}

TEST_F(PosteriorRun, IntervalsCoverWhatTheTargetTakesSlow) {
  double inside = 0;
  double all = 0;
  for (std::uint64_t seed = 70; seed < 80; ++seed) {
    CalculatedDevice target(random_costs(space_, seed));
    const RunResult result = run(target);
    for (const auto* networks : {&result.front, &result.removed}) {
      for (const FrontNetwork& network : *networks) {
        ASSERT_TRUE(network.interval.has_value());
        EXPECT_NEAR(network.interval->median, network.predicted_latency_ms, 1e-3 * network.interval->median);
        const double measured = network.measured.median_ms;
        inside += network.interval->low <= measured && measured <= network.interval->high ? 1 : 0;
        all += 1;
      }
    }
  }
  EXPECT_GT(inside / all, 0.8);
}

// Six limits on each of ten devices: the first network found for each is promised to meet it with probability 0.9.
TEST_F(PosteriorRun, NetworksMeetTheirLimitsAsOftenAsPromisedSlow) {
  double met[2] = {};
  double all[2] = {};
  for (const bool sure : {false, true}) {
    if (sure) options_.confidence = 0.9;
    for (std::uint64_t seed = 70; seed < 80; ++seed) {
      CalculatedDevice probe(random_costs(space_, seed));
      options_.limits_ms.clear();
      const RunResult ends = run(probe);
      const double fast = ends.front.front().measured.median_ms;
      const double slow = ends.front.back().measured.median_ms;
      for (int i = 1; i <= 6; ++i) options_.limits_ms.push_back(fast + (slow - fast) * i / 7);
      CalculatedDevice target(random_costs(space_, seed));
      for (const LimitAnswer& answer : run(target).limits) {
        if (!answer.promise) continue;
        EXPECT_GE(answer.promise->probability, sure ? 0.9 - 1e-3 : 0.5 - 1e-3);
        all[sure] += 1;
        met[sure] += answer.promise->measured_ms <= answer.limit_ms ? 1 : 0;
      }
    }
  }
  EXPECT_GT(all[1], 40);
  EXPECT_GE(met[1] / all[1], 0.83);  // 0.9 less two standard errors of 60
  EXPECT_LT(met[0] / all[0], met[1] / all[1]);
}

TEST_F(PosteriorRun, WithoutTimeTheLeastIsMeasured) {
  for (const Method method : {Method::posterior, Method::adapt, Method::proxy}) {
    SCOPED_TRACE(to_string(method));
    options_.method = method;
    options_.minutes = 1e-9;
    options_.limits_ms = {1e9};
    CalculatedDevice target(random_costs(space_, 77));
    const RunResult result = run(target);
    EXPECT_EQ(result.samples.size(), 6U);
    EXPECT_EQ(result.front.size() + result.removed.size(), 2U);
    EXPECT_FALSE(result.repeatability_srcc.has_value());
    EXPECT_EQ(target.measured_count, 8U);
    ASSERT_EQ(result.limits.size(), 1U);
    EXPECT_TRUE(result.limits[0].network.has_value());  // one of the two
  }
}

TEST_F(PosteriorRun, ADeadlineLeavesLessMeasured) {
  const auto slowly = [](double ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return ms;
  };
  options_.wanted_front = 1;
  CalculatedDevice patient(random_costs(space_, 77), slowly);
  run(patient);
  options_.minutes = 0.6 / 60;  // time for 30 networks at most
  CalculatedDevice hurried(random_costs(space_, 77), slowly);
  run(hurried);
  EXPECT_GE(hurried.measured_count, 8U);
  EXPECT_LT(hurried.measured_count, patient.measured_count);
}

TEST_F(PosteriorRun, FurtherMetricsAreMeasuredAndPartOfTheFront) {
  options_.metrics = {{"energy_mj", std::make_shared<CalculatedDevice>(random_costs(space_, 5)), nullptr},
                      make_metric("memory_mb", space_)};
  CalculatedDevice target(random_costs(space_, 77));
  const RunResult result = run(target);
  ASSERT_EQ(result.metrics, (std::vector<std::string>{"energy_mj", "memory_mb"}));
  ASSERT_GE(result.front.size(), 3U);
  const auto values = [](const FrontNetwork& n) {
    return std::vector<double>{n.measured.median_ms, n.metrics[0].measured, n.metrics[1].measured,
                               -n.predicted_accuracy};
  };
  const auto energy = random_costs(space_, 5);
  for (const FrontNetwork& a : result.front) {
    ASSERT_EQ(a.metrics.size(), 2U);
    // The store keeps floats.
    EXPECT_NEAR(a.metrics[0].measured, energy->latency_ms({&a.measured.architecture, 1})[0], 1e-4);
    ASSERT_TRUE(a.metrics[0].interval.has_value());
    EXPECT_EQ(a.metrics[1].measured, a.metrics[1].predicted);
    for (const FrontNetwork& b : result.front) {
      const auto of_a = values(a);
      const auto of_b = values(b);
      bool dominates = of_a != of_b;
      for (std::size_t i = 0; i < of_a.size(); ++i) dominates = dominates && of_a[i] <= of_b[i];
      EXPECT_FALSE(dominates);
    }
  }
  // Some are there for the other metrics' sake: a faster network is as accurate.
  bool beyond_latency = false;
  for (std::size_t i = 1; i < result.front.size(); ++i) {
    beyond_latency = beyond_latency || result.front[i].predicted_accuracy < result.front[i - 1].predicted_accuracy;
  }
  EXPECT_TRUE(beyond_latency);
}

TEST_F(PosteriorRun, EvolutionSearchesFurtherMetricsToo) {
  options_.exhaustive = false;
  options_.evolution.population = 100;
  options_.evolution.generations = 10;
  options_.metrics = {make_metric("memory_mb", space_)};
  CalculatedDevice target(random_costs(space_, 77));
  EXPECT_GE(run(target).front.size(), 3U);
}

TEST(Metric, IsMemoryOrADeviceWithAName) {
  const SpacePtr space = small_space();
  EXPECT_TRUE(make_metric("memory_mb", space).computed);
  const Metric area = make_metric("area=roofline(peak_gflops=10, bandwidth_gbs=1)", space);
  EXPECT_EQ(area.name, "area");
  EXPECT_TRUE(area.device);
  for (const char* bad : {"energy", "=onednn", "a b=onednn", "energy=nothing", ""}) {
    EXPECT_THROW(make_metric(bad, space), InputError) << bad;
  }
}

}  // namespace
}  // namespace oneproxy::test
