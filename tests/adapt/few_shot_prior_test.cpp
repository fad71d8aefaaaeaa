#include "oneproxy/adapt/few_shot_prior.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "adapt/few_shot_synthetic.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

TEST(FewShotPrior, TheFleetTellsWhichFeaturesMatter) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const FewShotPrior prior = few_shot::prior_of(few_shot::random_fleet(seed, 100, 7));
    const Index first_cost = 6;  // after the predictions
    for (const PriorGroup group : {PriorGroup::fleet, PriorGroup::costs}) {
      const auto share = prior.share.col(static_cast<Index>(group));
      EXPECT_GT(share(first_cost), 10 * share(first_cost + 3));
      EXPECT_GT(share(first_cost + 1), 10 * share(first_cost + 3));
    }
  }
}

TEST(FewShotPrior, FeaturesAreStandardisedAndConstantOnesIgnored) {
  few_shot::Fleet fleet = few_shot::random_fleet(1, 100, 3);
  fleet.cost.col(1).setConstant(7);
  const FewShotPrior prior = few_shot::prior_of(fleet);
  EXPECT_EQ(prior.features.cols(), 2 + 3 + 12 + 1);
  for (Index j = 0; j + 1 < prior.features.cols(); ++j) {
    EXPECT_NEAR(prior.features.col(j).mean(), 0, 1e-5);
    EXPECT_NEAR(prior.features.col(j).squaredNorm() / 100, 1, 1e-4);
  }
  EXPECT_TRUE((prior.features.rightCols(1).array() == 1).all());
}

TEST(FewShotPrior, FeaturesOfOtherArchitecturesAreOnTheSameScale) {
  few_shot::Fleet fleet = few_shot::random_fleet(1, 100, 3);
  fleet.cost.col(1).setConstant(7);  // left out of the features
  const Eigen::MatrixXd predicted = fleet.latency_ms.leftCols(2);
  const FewShotPrior prior = few_shot_prior(predicted, fleet.cost, fleet.encoding);
  EXPECT_EQ(prior.features_of(predicted, fleet.cost, fleet.encoding), prior.features);
  const auto few = [](const Eigen::MatrixXd& x) -> Eigen::MatrixXd { return x.middleRows(7, 2); };
  EXPECT_EQ(prior.features_of(few(predicted), few(fleet.cost), few(fleet.encoding)), prior.features.middleRows(7, 2));
  const FewShotPrior without = few_shot_prior({}, fleet.cost, fleet.encoding);
  EXPECT_EQ(without.features_of({}, few(fleet.cost), few(fleet.encoding)), without.features.middleRows(7, 2));
}

TEST(FewShotPrior, WorksWithWhateverThereIs) {
  const few_shot::Fleet fleet = few_shot::random_fleet(1, 100, 3);
  const FewShotPrior costs_alone = few_shot_prior({}, fleet.cost, {});
  EXPECT_FALSE(costs_alone.has(PriorGroup::proxies));
  EXPECT_FALSE(costs_alone.has(PriorGroup::fleet));
  EXPECT_FALSE(costs_alone.has(PriorGroup::encoding));
  EXPECT_TRUE(costs_alone.has(PriorGroup::costs));
  const FewShotPrior predictions_alone = few_shot_prior(fleet.latency_ms, {}, {});
  EXPECT_TRUE(predictions_alone.has(PriorGroup::proxies));
  EXPECT_FALSE(predictions_alone.has(PriorGroup::costs));
  const FewShotPrior unmeasured = few_shot_prior(fleet.latency_ms, fleet.cost, fleet.encoding);
  EXPECT_TRUE(unmeasured.has(PriorGroup::fleet));
}

TEST(FewShotPrior, IsTheSameEachTime) {
  const few_shot::Fleet fleet = few_shot::random_fleet(1, 100, 4);
  const FewShotPrior a = few_shot::prior_of(fleet);
  const FewShotPrior b = few_shot::prior_of(fleet);
  EXPECT_EQ(a.share, b.share);
  EXPECT_EQ(a.log_variance, b.log_variance);
}

TEST(PredictKnown, LearnsEachDeviceFromWhatItHas) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const few_shot::Fleet fleet = few_shot::random_fleet(seed, 200, 3);
    KnownLatencies known{few_shot::row_range(0, 80), fleet.latency_ms.topRows(80)};
    for (Index i = 0; i < 40; ++i) known.latency_ms(i, 1) = std::numeric_limits<double>::quiet_NaN();
    const Eigen::MatrixXd predicted = predict_known(fleet.cost, fleet.encoding, known);
    const auto unseen = few_shot::row_range(80, 120);
    for (Index d = 0; d < 3; ++d) {
      EXPECT_GT(srcc(few_shot::at(predicted.col(d), unseen), few_shot::at(fleet.latency_ms.col(d), unseen)), 0.97);
    }
  }
}

TEST(PredictKnown, RefusesADeviceThatWasHardlyMeasured) {
  const few_shot::Fleet fleet = few_shot::random_fleet(1, 100, 2);
  KnownLatencies known{few_shot::row_range(0, 20), fleet.latency_ms.topRows(20)};
  for (Index i = 0; i < 11; ++i) known.latency_ms(i, 1) = std::nan("");
  try {
    predict_known(fleet.cost, fleet.encoding, known);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "known device 2: expected at least 10 latencies, found 9");
  }
}

// Latencies with a product of two choices in them, which no sum over features has.
TEST(PredictKnown, LearnsInteractionsWhereThereAreAny) {
  for (const bool interacting : {false, true}) {
    SCOPED_TRACE(interacting ? "interactions" : "sums");
    few_shot::Fleet fleet = few_shot::random_fleet(3, 600, 2);
    if (interacting) {
      for (Index i = 0; i < 600; ++i) fleet.latency_ms(i, 0) += 6 * fleet.encoding(i, 0) * fleet.encoding(i, 3);
    }
    KnownLatencies known;
    for (std::size_t i = 0; i < 300; ++i) known.rows.push_back(i);
    known.latency_ms = fleet.latency_ms.topRows(300);
    const auto score = [&](const Eigen::MatrixXd& predicted) {
      const auto rest = few_shot::row_range(300, 300);
      return srcc(few_shot::at(predicted.col(0), rest), few_shot::at(fleet.latency_ms.col(0), rest));
    };
    const double plain = score(predict_known(fleet.cost, fleet.encoding, known));
    const double with = score(predict_known(fleet.cost, fleet.encoding, known, fleet.encoding));
    if (interacting) {
      EXPECT_GT(with, plain + 0.005);
    } else {
      EXPECT_GT(with, plain - 0.001);
    }
  }
}

}  // namespace
}  // namespace oneproxy
