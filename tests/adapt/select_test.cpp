#include "oneproxy/adapt/select.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "adapt/few_shot_synthetic.hpp"
#include "oneproxy/base/error.hpp"

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
    next += with(select_next(posterior, prior, candidates, 4, rng));
    random += with(select_first(prior, candidates, 4, Selection::random, rng));
    EXPECT_THROW(select_next(posterior, prior, candidates, 145, rng), InputError);
  }
  EXPECT_LT(next, 0.9 * random);
}

TEST(Select, StopsWhenEnoughIsKnown) {
  EXPECT_TRUE(enough(0.90, 0.96, 0.95));
  EXPECT_TRUE(enough(0.90, 0.9005, 0.95));
  EXPECT_FALSE(enough(0.90, 0.93, 0.95));
}

}  // namespace
}  // namespace oneproxy
