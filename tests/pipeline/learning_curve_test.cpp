#include "oneproxy/pipeline/learning_curve.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "made_table.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

class LearningCurve : public testing::Test {
 protected:
  LearningCurve() {
    options_.evaluate = {
        .sources = {"a", "b"}, .targets = {"target"}, .sample_count = 4, .per_source = 100, .repeat_count = 3};
    options_.most_samples = 20;
    Rng rng(5);
    for (Eigen::Index i = 0; i < table_.values.rows(); ++i) {
      options_.accuracy.push_back(80 + table_.values(i, 2) + 2 * rng.normal());
    }
  }

  SpacePtr space_ = make_space("nas_bench_201");
  ArchTable table_ = test::made_table(*space_, 1, 300);
  CurveOptions options_;
};

TEST_F(LearningCurve, BeginsWithTheScoreOfEvaluateAndRises) {
  for (const Following following : {Following::ranking, Following::front, Following::random}) {
    SCOPED_TRACE(static_cast<int>(following));
    options_.following = following;
    const TargetCurve curve = learning_curves(space_, table_, options_).at(0);
    EXPECT_EQ(curve.target, "target");
    ASSERT_GT(curve.points.size(), 5U);
    EXPECT_EQ(curve.points.front().samples, 4U);
    EXPECT_EQ(curve.points.back().samples, 20U);
    EXPECT_NEAR(curve.points.front().srcc, evaluate(space_, table_, options_.evaluate).mean_srcc, 1e-12);
    EXPECT_GT(curve.points.back().srcc, curve.points.front().srcc);
    for (const CurvePoint& point : curve.points) EXPECT_LE(point.front, 1 + 1e-12);
    EXPECT_GT(curve.points.back().front, 0.97);
    EXPECT_GE(curve.stop_samples, 4);
    if (following == Following::random) {
      EXPECT_EQ(curve.stop_samples, 20);
    }
  }
}

TEST_F(LearningCurve, TellsWhatIsNeeded) {
  TargetCurve curve;
  curve.points = {{4, 0.91, 0}, {5, 0.89, 0}, {6, 0.92, 0}, {7, 0.96, 0}};
  EXPECT_EQ(curve.needed(&CurvePoint::srcc, 0.9), 6U);  // from there on
  EXPECT_EQ(curve.needed(&CurvePoint::srcc, 0.95), 7U);
  EXPECT_FALSE(curve.needed(&CurvePoint::srcc, 0.97).has_value());
}

TEST_F(LearningCurve, StopsEarlierWhenLessIsWanted) {
  options_.wanted_srcc = 0.999;
  const double strict = learning_curves(space_, table_, options_).at(0).stop_samples;
  options_.wanted_srcc = 0.5;
  EXPECT_LT(learning_curves(space_, table_, options_).at(0).stop_samples, strict);
}

// 9 limits, 5 repetitions, 5 tables: 225 networks, found to meet their limits with probability 0.9. Accuracy goes
// with the latency of a known device, so that each is close to its limit.
TEST_F(LearningCurve, NetworksMeetTheirLimitsAsOftenAsPromised) {
  options_.evaluate.repeat_count = 5;
  options_.evaluate.sample_count = options_.most_samples = 15;
  double met[2] = {};
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    table_ = test::made_table(*space_, seed, 300);
    Rng rng(seed);
    for (Eigen::Index i = 0; i < 300; ++i) {
      options_.accuracy[static_cast<std::size_t>(i)] = table_.values(i, 1) + rng.normal();
      for (Eigen::Index d = 0; d < 3; ++d) table_.values(i, d) *= 1 + 0.1 * rng.normal();
    }
    for (const bool sure : {false, true}) {
      options_.confidence = sure ? 0.9 : 0.5;
      const auto share = learning_curves(space_, table_, options_).at(0).met_limits;
      ASSERT_TRUE(share.has_value());
      met[sure] += *share / 5;
    }
  }
  EXPECT_GE(met[1], 0.86);  // 0.9 less two standard errors
  EXPECT_LT(met[0], met[1] - 0.1);
}

TEST_F(LearningCurve, NetworksThatCannotRunAreReplaced) {
  for (Eigen::Index i = 0; i < 300; i += 3) table_.values(i, 2) = -1;
  for (const Following following : {Following::ranking, Following::front, Following::random}) {
    options_.following = following;
    const TargetCurve curve = learning_curves(space_, table_, options_).at(0);
    EXPECT_EQ(curve.points.back().samples, 20U);
    EXPECT_GT(curve.points.back().srcc, 0.9);
  }
}

TEST_F(LearningCurve, SaysWhatDoesNotFit) {
  CurveOptions wrong = options_;
  wrong.evaluate.method = FewShotMethod::ridge;
  EXPECT_THROW(learning_curves(space_, table_, wrong), InputError);
  wrong = options_;
  wrong.following = Following::front;
  wrong.accuracy.clear();
  EXPECT_THROW(learning_curves(space_, table_, wrong), InputError);
  wrong = options_;
  wrong.most_samples = 3;
  EXPECT_THROW(learning_curves(space_, table_, wrong), InputError);
  wrong.most_samples = 300;
  EXPECT_THROW(learning_curves(space_, table_, wrong), InputError);
}

}  // namespace
}  // namespace oneproxy
