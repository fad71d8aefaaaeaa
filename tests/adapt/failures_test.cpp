#include "oneproxy/adapt/failures.hpp"

#include <gtest/gtest.h>

#include <string>

#include "adapt/few_shot_synthetic.hpp"
#include "oneproxy/adapt/posterior.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

using few_shot::at;
using few_shot::row_range;

TEST(Failures, WithoutThemTheOrderIsThatOfTheMedians) {
  const few_shot::Fleet fleet = few_shot::random_fleet(1, 100, 3);
  const FewShotPrior prior = few_shot::prior_of(fleet);
  const auto samples = row_range(60, 12);
  const auto latency = at(fleet.latency_ms.rightCols(1), samples);
  const Eigen::VectorXd rank = rank_with_failures(prior, samples, latency);
  const Eigen::VectorXd median = FewShotPosterior(prior, samples, latency).predict_median();
  EXPECT_NEAR(srcc(at(rank, row_range(0, 100)), at(median, row_range(0, 100))), 1, 1e-12);
  EXPECT_GT(rank.minCoeff(), 0);
  EXPECT_LT(rank.maxCoeff(), 1);
}

// A device that cannot run networks with the first option of the first block, whatever they would cost.
TEST(Failures, AreLearntFromThoseSampled) {
  double with = 0;
  double as_latencies = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const few_shot::Fleet fleet = few_shot::random_fleet(seed, 300, 3);
    const FewShotPrior prior = few_shot::prior_of(fleet);
    Eigen::VectorXd latency = fleet.latency_ms.rightCols(1);
    for (Eigen::Index i = 0; i < latency.size(); ++i) latency(i) = fleet.encoding(i, 0) > 0 ? -1 : latency(i);
    const auto samples = row_range(60, 40);
    const auto rest = row_range(100, 200);
    const auto score = [&](const Eigen::VectorXd& predicted) { return srcc(at(predicted, rest), at(latency, rest)); };
    with += score(rank_with_failures(prior, samples, at(latency, samples))) / 20;
    as_latencies += score(FewShotPosterior(prior, samples, at(latency, samples)).predict_median()) / 20;
  }
  EXPECT_GT(with, 0.9);
  EXPECT_GT(with, as_latencies + 0.02);
}

TEST(Failures, NothingThatRanIsNoTrouble) {
  const few_shot::Fleet fleet = few_shot::random_fleet(1, 80, 3);
  const FewShotPrior prior = few_shot::prior_of(fleet);
  const std::vector<double> none(5, -1);
  EXPECT_TRUE(rank_with_failures(prior, row_range(0, 5), none).allFinite());
}

}  // namespace
}  // namespace oneproxy
