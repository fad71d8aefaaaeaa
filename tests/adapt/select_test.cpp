#include "oneproxy/adapt/select.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "adapt/few_shot_synthetic.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

constexpr Selection selections[] = {Selection::greedy, Selection::largest_variance, Selection::kmeans,
                                    Selection::stratified, Selection::random};

// Variance that is left in all latencies after measuring these, with the prior's own variances.
double variance_left(const FewShotPrior& prior, const few_shot::Fleet& fleet, const std::vector<std::size_t>& samples) {
  const PosteriorOptions plain{
      .try_logarithm = false, .try_outliers = false, .try_rank = false, .fit_variances = false};
  const FewShotPosterior posterior(prior, samples, few_shot::at(fleet.latency_ms.rightCols(1), samples), plain);
  const Eigen::MatrixXd features = prior.features.cast<double>();
  return (features * posterior.weight_covariance()).cwiseProduct(features).sum();
}

TEST(Select, ChoosesDifferentCandidates) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const FewShotPrior prior = few_shot::prior_of(few_shot::random_fleet(seed, 100, 3));
    const auto candidates = few_shot::row_range(30, 40);
    for (const Selection selection : selections) {
      for (const std::size_t count : {0, 1, 12, 40}) {
        Rng rng(seed);
        const auto chosen = select_first(prior, candidates, count, selection, rng);
        EXPECT_EQ(chosen.size(), count);
        EXPECT_EQ(std::set(chosen.begin(), chosen.end()).size(), count);
        for (const std::size_t row : chosen) EXPECT_TRUE(row >= 30 && row < 70);
      }
      Rng rng(seed);
      EXPECT_THROW(select_first(prior, candidates, 41, selection, rng), InputError);
    }
  }
}

TEST(Select, GreedyLeavesTheLeastVariance) {
  double greedy = 0;
  double others[4] = {};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const few_shot::Fleet fleet = few_shot::random_fleet(seed, 150, 3);
    FewShotPrior prior = few_shot::prior_of(fleet);
    // What selection assumes where the fleet asks for less, so that both count the same variance.
    prior.log_variance = {0, 0, 0, 0, -20};
    prior.log_noise = std::log(0.05);
    const auto candidates = few_shot::row_range(0, 150);
    const auto left = [&](Selection selection) {
      Rng rng(seed);
      return variance_left(prior, fleet, select_first(prior, candidates, 8, selection, rng));
    };
    greedy += left(Selection::greedy);
    for (std::size_t i = 0; i < 4; ++i) others[i] += left(selections[i + 1]);
  }
  for (const double other : others) EXPECT_LT(greedy, other);
}

TEST(Select, TheNextBatchLearnsMoreThanARandomOne) {
  double next = 0;
  double random = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const few_shot::Fleet fleet = few_shot::random_fleet(seed, 150, 3);
    const FewShotPrior prior = few_shot::prior_of(fleet);
    const auto first = few_shot::row_range(0, 6);
    const auto candidates = few_shot::row_range(6, 144);
    const FewShotPosterior posterior(prior, first, few_shot::at(fleet.latency_ms.rightCols(1), first));
    Rng rng(seed);
    const auto with = [&](std::vector<std::size_t> batch) {
      EXPECT_EQ(std::set(batch.begin(), batch.end()).size(), 4U);
      for (const std::size_t row : batch) EXPECT_GE(row, 6U);
      batch.insert(batch.end(), first.begin(), first.end());
      return variance_left(prior, fleet, batch);
    };
    next += with(select_for_ranking(posterior, prior, candidates, 4, rng).rows);
    random += with(select_first(prior, candidates, 4, Selection::random, rng));
    EXPECT_THROW(select_for_ranking(posterior, prior, candidates, 145, rng), InputError);
  }
  EXPECT_LT(next, 0.9 * random);
}

// Latencies drawn from the prior itself, so that what the posterior expects can be compared with what comes.
struct Drawn {
  few_shot::Fleet fleet;
  FewShotPrior prior;
  Eigen::VectorXd latency;
  std::vector<double> accuracy;

  explicit Drawn(std::uint64_t seed) : fleet(few_shot::random_fleet(seed, 300, 3)), prior(few_shot::prior_of(fleet)) {
    Rng rng(seed + 1000);
    prior.log_noise = std::log(0.1);
    const FewShotPosterior nothing(prior, {}, {});
    latency = (prior.features * nothing.draw_weights(rng, 1)).cast<double>();
    for (double& value : latency) value += std::sqrt(nothing.noise_variance()) * rng.normal();
    for (Eigen::Index i = 0; i < latency.size(); ++i) accuracy.push_back(fleet.cost(i, 0) + 0.5 * rng.normal());
  }

  FewShotPosterior after(const std::vector<std::size_t>& samples) const {
    return {prior, samples, few_shot::at(latency, samples)};
  }
  double srcc_of(const FewShotPosterior& posterior) const {
    const Eigen::VectorXd median = posterior.predict_median();
    return srcc(few_shot::at(median, few_shot::row_range(0, 300)), few_shot::at(latency, few_shot::row_range(0, 300)));
  }
  double front_of(const FewShotPosterior& posterior) const {
    const auto rows = few_shot::row_range(0, 300);
    return front_area(few_shot::at(posterior.predict_median(), rows)) / front_area(few_shot::at(latency, rows));
  }

 private:
  // Area below the slowest latency that the networks dominate which are Pareto-optimal by `predicted`.
  double front_area(const std::vector<double>& predicted) const {
    std::vector<std::size_t> order = few_shot::row_range(0, 300);
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return accuracy[a] > accuracy[b]; });
    double area = 0;
    double fastest_predicted = 1e300;
    double fastest = latency.maxCoeff();
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      if (predicted[order[i]] < fastest_predicted) {
        fastest_predicted = predicted[order[i]];
        fastest = std::min(fastest, latency(static_cast<Eigen::Index>(order[i])));
      }
      area += (accuracy[order[i]] - accuracy[order[i + 1]]) * (latency.maxCoeff() - fastest);
    }
    return area;
  }
};

// What is expected of a batch before it is measured comes true, on average; and it is more than a random batch brings.
TEST(Select, WhatIsExpectedOfTheNextBatchComesTrue) {
  constexpr int seeds = 40;
  double expected[2][2] = {};  // ranking and front; now and after
  double truth[2][2] = {};
  double random_front = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Drawn drawn(seed);
    std::vector<std::size_t> samples = few_shot::row_range(0, 8);
    const auto candidates = few_shot::row_range(8, 292);
    const FewShotPosterior posterior = drawn.after(samples);
    Rng rng(seed);
    const NextBatch batches[] = {select_for_ranking(posterior, drawn.prior, candidates, 4, rng),
                                 select_for_front(posterior, drawn.prior, drawn.accuracy, candidates, 4, rng)};
    for (std::size_t goal = 0; goal < 2; ++goal) {
      const auto& [rows, now, later] = batches[goal];
      EXPECT_EQ(std::set(rows.begin(), rows.end()).size(), 4U);
      EXPECT_GE(*std::ranges::min_element(rows), 8U);
      std::vector<std::size_t> more = samples;
      more.insert(more.end(), rows.begin(), rows.end());
      const FewShotPosterior next = drawn.after(more);
      const auto value = [&](const FewShotPosterior& p) { return goal == 0 ? drawn.srcc_of(p) : drawn.front_of(p); };
      expected[goal][0] += now / seeds;
      expected[goal][1] += later / seeds;
      truth[goal][0] += value(posterior) / seeds;
      truth[goal][1] += value(next) / seeds;
    }
    const auto random = select_first(drawn.prior, candidates, 4, Selection::random, rng);
    samples.insert(samples.end(), random.begin(), random.end());
    random_front += drawn.front_of(drawn.after(samples)) / seeds;
    EXPECT_THROW(select_for_front(posterior, drawn.prior, drawn.accuracy, candidates, 293, rng), InputError);
  }
  for (std::size_t goal = 0; goal < 2; ++goal) {
    SCOPED_TRACE(goal == 0 ? "ranking" : "front");
    EXPECT_GT(truth[goal][1], truth[goal][0]);
    EXPECT_NEAR(expected[goal][0], truth[goal][0], 0.03);
    EXPECT_NEAR(expected[goal][1], truth[goal][1], 0.03);
  }
  EXPECT_GT(truth[1][1], random_front);
}

TEST(Select, NoFurtherSamplesAreExpectedToChangeNothing) {
  const Drawn drawn(1);
  const FewShotPosterior posterior = drawn.after(few_shot::row_range(0, 3));
  const auto candidates = few_shot::row_range(3, 297);
  Rng rng(1);
  for (const NextBatch& next : {select_for_ranking(posterior, drawn.prior, candidates, 0, rng),
                                select_for_front(posterior, drawn.prior, drawn.accuracy, candidates, 0, rng)}) {
    EXPECT_TRUE(next.rows.empty());
    EXPECT_EQ(next.expected_after, next.expected_now);
    EXPECT_TRUE(enough(next, 1.0));
  }
}

TEST(Select, StopsWhenEnoughIsKnown) {
  EXPECT_TRUE(enough({.rows = {}, .expected_now = 0.96, .expected_after = 0.98}, 0.95));
  EXPECT_TRUE(enough({.rows = {}, .expected_now = 0.90, .expected_after = 0.9005}, 0.95));
  EXPECT_FALSE(enough({.rows = {}, .expected_now = 0.90, .expected_after = 0.92}, 0.95));
}

}  // namespace
}  // namespace oneproxy
