#include "oneproxy/pipeline/target_posterior.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "fixtures.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy::test {
namespace {

std::shared_ptr<const SpacePrior> prior_of(const SpacePtr& space, std::span<const Architecture> candidates) {
  const std::shared_ptr<const LinearPredictor> proxies[] = {random_costs(space, 1), random_costs(space, 2)};
  return std::make_shared<SpacePrior>(space, candidates, proxies, 1);
}

// mobilenet_v2's features are sums over its encoding; NAS-Bench-201's critical paths are not.
TEST(TargetPosterior, FeaturesOfAnyArchitectureAreThoseOfThePrior) {
  for (const SpacePtr& space : {small_space(), make_space("nas_bench_201")}) {
    SCOPED_TRACE(space->description());
    Rng rng(1);
    const auto xs = space->sample_distinct(1200, rng);
    // The last 200 are unknown to the prior; a prior that knows them too has the same features but for the scale.
    const auto part = prior_of(space, std::span(xs).first(1000));
    const Eigen::MatrixXf known = part->features(std::span(xs).first(1000));
    EXPECT_LT((known - part->prior().features).cwiseAbs().maxCoeff(), 1e-3);
    const auto whole = prior_of(space, xs);
    const Eigen::MatrixXf unknown = part->features(std::span(xs).last(200));
    const Eigen::MatrixXf expected = whole->features(std::span(xs).last(200));
    ASSERT_EQ(unknown.cols(), expected.cols());
    for (Eigen::Index j = 0; j < unknown.cols(); ++j) {
      const Eigen::VectorXf a = unknown.col(j).array() - unknown.col(j).mean();
      const Eigen::VectorXf b = expected.col(j).array() - expected.col(j).mean();
      EXPECT_GT(a.dot(b), 0.999F * a.norm() * b.norm() - 1e-3F);
    }
  }
}

TEST(TargetPosterior, IntervalsQuantilesAndProbabilitiesAgree) {
  const SpacePtr space = small_space();
  Rng rng(1);
  const auto xs = space->sample_distinct(600, rng);
  const Eigen::VectorXd latency = random_costs(space, 7)->latency_ms(xs);
  std::vector<std::size_t> samples;
  std::vector<double> measured;
  for (std::size_t i = 0; i < 30; ++i) {
    samples.push_back(i);
    measured.push_back(latency(static_cast<Eigen::Index>(i)));
  }
  const auto posterior = std::make_shared<TargetPosterior>(prior_of(space, xs), samples, measured);
  const auto rest = std::span(xs).subspan(30, 100);
  const std::vector<Interval> intervals = posterior->intervals(rest);
  const std::vector<float> median = (*posterior)(rest);
  const std::vector<float> sure = QuantilePredictor(posterior, 0.95)(rest);
  std::vector<double> predicted;
  std::vector<double> truth;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const auto& [low, middle, high] = intervals[i];
    EXPECT_LT(low, middle);
    EXPECT_LT(middle, high);
    EXPECT_NEAR(median[i], middle, 1e-3 * std::abs(middle));
    EXPECT_NEAR(sure[i], high, 1e-3 * std::abs(high));
    EXPECT_NEAR(posterior->probability_below(rest[i], high), 0.95, 1e-3);
    EXPECT_NEAR(posterior->probability_below(rest[i], middle), 0.5, 1e-3);
    predicted.push_back(middle);
    truth.push_back(latency(static_cast<Eigen::Index>(30 + i)));
  }
  EXPECT_GT(srcc(predicted, truth), 0.6);  // 30 samples of 75 costs, unlike those of the known devices
}

// A device on which latency falls below 0 along its own line: far outside the samples a linear model says the same.
TEST(TargetPosterior, WhatIsExtrapolatedStaysPositiveAndInOrder) {
  const SpacePtr space = small_space();
  Rng rng(2);
  const auto xs = space->sample_distinct(400, rng);
  Eigen::VectorXd latency = random_costs(space, 1)->latency_ms(xs);
  latency.array() -= latency.minCoeff() - 0.01 * latency.mean();
  std::vector<std::size_t> samples;
  std::vector<double> measured;
  for (std::size_t i = 0; samples.size() < 30; ++i) {
    if (latency(static_cast<Eigen::Index>(i)) < latency.mean()) continue;  // the slow half
    samples.push_back(i);
    measured.push_back(latency(static_cast<Eigen::Index>(i)));
  }
  const TargetPosterior posterior(prior_of(space, xs), samples, measured);
  const std::vector<float> predicted = posterior(xs);
  EXPECT_GT(*std::ranges::min_element(predicted), 0);
  for (const Interval& interval : posterior.intervals(xs)) {
    EXPECT_GT(interval.low, 0);
    EXPECT_LT(interval.low, interval.median);
    EXPECT_LT(interval.median, interval.high);
  }
  const double fastest = *std::ranges::min_element(measured);
  EXPECT_DOUBLE_EQ(posterior.positive(4 * fastest), 4 * fastest);
  EXPECT_DOUBLE_EQ(posterior.positive(0.5 * fastest), 0.5 * fastest);
  EXPECT_DOUBLE_EQ(posterior.positive(0), 0.25 * fastest);
  double before = 0;
  for (double latency_ms = -7 * fastest; latency_ms < 4 * fastest; latency_ms += 0.01 * fastest) {
    EXPECT_GT(posterior.positive(latency_ms), before);
    before = posterior.positive(latency_ms);
  }
}

}  // namespace
}  // namespace oneproxy::test
