#include "oneproxy/pipeline/run.hpp"

#include <gtest/gtest.h>

#include <set>

#include "fixtures.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/pipeline/measure_missing.hpp"
#include "oneproxy/search/exhaustive.hpp"

namespace oneproxy::test {
namespace {

class Algorithm1 : public testing::Test {
 protected:
  RunResult run(Device& target, const RunOptions& options) { return run(target, options, {{"proxy", proxy_}}); }
  RunResult run(Device& target, const RunOptions& options, const std::vector<Proxy>& proxies) {
    const StoreFile file;
    Store store(file.path());
    const auto id = store.begin_run(settings());
    return run_algorithm1(space_, target, proxies, *accuracy_, options, store, id, {});
  }
  static RunOptions quick() {
    RunOptions options;
    options.candidate_count = 1000;
    options.exhaustive = true;
    return options;
  }
  static std::set<std::string> texts(const RunResult& result) {
    std::set<std::string> all;
    for (const auto& n : result.front) all.insert(result.space->text(n.measured.architecture));
    return all;
  }

  RunSettings settings() const {
    RunSettings settings;
    settings.command = "test";
    settings.space = space_->description();
    settings.device = "calculated";
    return settings;
  }

  SpacePtr space_ = small_space();
  std::shared_ptr<const LinearPredictor> proxy_ = random_costs(space_, 1);
  std::shared_ptr<const LinearPredictor> accuracy_ = random_costs(space_, 2);
};

TEST_F(Algorithm1, AMonotoneTargetNeedsNoAdaptationAndGetsTheTrueFront) {
  CalculatedDevice target(proxy_, [](double ms) { return 3 * std::exp(ms / 5); });
  RunOptions options = quick();
  options.front_count = 1000;
  const RunResult result = run(target, options);
  EXPECT_EQ(result.decision, "monotone");
  EXPECT_NEAR(result.before.srcc, 1, 1e-9);
  EXPECT_FALSE(result.lambda.has_value());
  EXPECT_EQ(result.samples.size(), options.sample_count);
  EXPECT_TRUE(result.removed.empty());  // Proposition 3.1

  CalculatedDevice itself(proxy_);
  EXPECT_EQ(texts(run(itself, options)), texts(result));
}

TEST_F(Algorithm1, AnUnlikeTargetIsAdaptedTo) {
  CalculatedDevice target(random_costs(space_, 77));
  RunOptions options = quick();
  options.max_sample_count = 200;
  const RunResult result = run(target, options);
  EXPECT_NE(result.decision, "monotone");
  ASSERT_TRUE(result.after.has_value());
  EXPECT_GT(result.after->srcc, result.before.srcc);
  EXPECT_GT(result.samples.size(), options.sample_count) << "no further batch was measured";
  ASSERT_TRUE(result.lambda.has_value());
  // The estimate is honest: it is near the SRCC over all candidates.
  std::vector<double> predicted;
  std::vector<double> measured;
  for (const auto& sample : result.samples) {
    predicted.push_back(sample.predicted_ms);
    measured.push_back(sample.measured.median_ms);
  }
  EXPECT_GT(srcc(predicted, measured), result.after->srcc) << "fitted samples rank better than unseen ones";
}

TEST_F(Algorithm1, ThePosteriorRanksAnUnlikeTargetBetterThanEqn3) {
  RunOptions options = quick();
  options.max_sample_count = options.sample_count;
  const auto costs = random_costs(space_, 77);
  double srcc_of[2];
  for (const Method method : {Method::adapt, Method::posterior}) {
    options.method = method;
    CalculatedDevice target(costs);
    const RunResult result = run(target, options);
    ASSERT_TRUE(result.after.has_value());
    EXPECT_EQ(result.lambda.has_value(), method == Method::adapt);
    srcc_of[method == Method::posterior] = result.after->srcc;
    EXPECT_GE(result.front.size(), 2U);
  }
  EXPECT_GT(srcc_of[1], srcc_of[0]);
}

TEST_F(Algorithm1, OfSeveralProxiesTheNearestIsTaken) {
  CalculatedDevice target(random_costs(space_, 77));
  const RunResult result = run(target, quick(), {{"far", proxy_}, {"near", random_costs(space_, 77)}});
  EXPECT_EQ(result.proxy, "near");
  EXPECT_EQ(result.decision, "monotone");
}

TEST_F(Algorithm1, ThePapersRuleHasTwoAnswers) {
  CalculatedDevice target(random_costs(space_, 77));
  RunOptions options = quick();
  options.decision = DecisionRule::paper;
  EXPECT_EQ(run(target, options).decision, "not monotone");
}

TEST_F(Algorithm1, SameSeedSameResultAndBaselinesRun) {
  RunOptions options = quick();
  options.exhaustive = false;
  options.evolution.population = 100;
  options.evolution.generations = 10;
  options.target_sample_count = 300;
  for (const Method method :
       {Method::adapt, Method::posterior, Method::proxy, Method::target, Method::scaling, Method::flops}) {
    SCOPED_TRACE(to_string(method));
    options.method = method;
    options.threads = 1;
    CalculatedDevice target(random_costs(space_, 77));
    const RunResult one = run(target, options);
    options.threads = 2;
    CalculatedDevice again(random_costs(space_, 77));
    EXPECT_EQ(texts(one), texts(run(again, options)));
    ASSERT_FALSE(one.front.empty());
    EXPECT_EQ(method_of(to_string(method)), method);
    for (std::size_t i = 1; i < one.front.size(); ++i) {
      EXPECT_GT(one.front[i].measured.median_ms, one.front[i - 1].measured.median_ms);
      EXPECT_GT(one.front[i].predicted_accuracy, one.front[i - 1].predicted_accuracy);
    }
  }
  EXPECT_THROW(method_of("adopt"), InputError);
}

TEST_F(Algorithm1, LimitsAreMetOrAnsweredWithTheSmallestLatency) {
  for (const bool exhaustive : {true, false}) {
    SCOPED_TRACE(exhaustive ? "exhaustive" : "evolution");
    RunOptions options = quick();
    options.exhaustive = exhaustive;
    options.evolution.population = 100;
    options.evolution.generations = 10;
    options.method = Method::target;  // a predictor that is nearly exact: what is asked here is the limit
    options.target_sample_count = 600;
    options.front_count = 2;  // the two ends: the limit between them is searched for again
    CalculatedDevice probe(random_costs(space_, 77));
    const RunResult ends = run(probe, options);
    const double middle = (ends.front.front().measured.median_ms + ends.front.back().measured.median_ms) / 2;
    options.limits_ms = {middle, 1e-6};
    CalculatedDevice target(random_costs(space_, 77));
    const RunResult result = run(target, options);
    ASSERT_EQ(result.limits.size(), 2U);
    ASSERT_TRUE(result.limits[0].network.has_value()) << result.limits[0].why_not;
    const auto& found = result.front[*result.limits[0].network];
    EXPECT_LE(found.measured.median_ms, middle);
    EXPECT_GT(found.predicted_accuracy, result.front.front().predicted_accuracy) << "nothing new was found";
    EXPECT_FALSE(result.limits[1].network.has_value());
    EXPECT_NE(result.limits[1].why_not.find("smallest predicted latency is"), std::string::npos);
  }
}

TEST_F(Algorithm1, ALostDeviceLosesNoMeasurement) {
  const StoreFile file;
  CalculatedDevice target(random_costs(space_, 77));
  target.fails_at = 31;
  RunOptions options = quick();
  std::int64_t id = 0;
  {
    Store store(file.path());
    id = store.begin_run(settings());
    EXPECT_THROW(run_algorithm1(space_, target, {{"proxy", proxy_}}, *accuracy_, options, store, id, {}), InputError);
  }
  target.fails_at = static_cast<std::size_t>(-1);
  Store store(file.path());
  EXPECT_EQ(store.measurements(id, "sample", *space_).size(), 31U);
  const RunResult resumed = run_algorithm1(space_, target, {{"proxy", proxy_}}, *accuracy_, options, store, id, {});
  CalculatedDevice fresh(random_costs(space_, 77));
  EXPECT_EQ(texts(resumed), texts(run(fresh, options)));
  EXPECT_EQ(target.measured_count, fresh.measured_count);  // nothing was measured twice
}

TEST_F(Algorithm1, ProgressMayStop) {
  const StoreFile file;
  Store store(file.path());
  const auto id = store.begin_run(settings());
  CalculatedDevice target(proxy_);
  const auto stop = [](const Progress& p) { return p.done < 5; };
  EXPECT_THROW(run_algorithm1(space_, target, {{"proxy", proxy_}}, *accuracy_, quick(), store, id, stop), Stopped);
  EXPECT_EQ(store.measurements(id, "sample", *space_).size(), 5U);
}

TEST_F(Algorithm1, MoreSamplesThanNetworksIsAnError) {
  CalculatedDevice target(proxy_);
  RunOptions options = quick();
  options.candidate_count = 20;
  EXPECT_THROW(run(target, options), InputError);
}

}  // namespace
}  // namespace oneproxy::test
