#include "oneproxy/adapt/monotonicity.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

TEST(NormalQuantile, TabulatedValues) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.995), 2.575829303548901, 1e-14);
  EXPECT_NEAR(normal_quantile(0.5), 0, 1e-15);
  EXPECT_NEAR(normal_quantile(0.001), -3.090232306167813, 1e-13);
  for (double p = 1e-12; p < 1; p = p * 1.7 + 1e-4) {
    SCOPED_TRACE("p " + std::to_string(p));
    EXPECT_NEAR(0.5 * std::erfc(-normal_quantile(p) / std::numbers::sqrt2) / p, 1, 1e-12);
  }
}

TEST(SrccInterval, BonettWrightExample) {
  const SrccEstimate estimate = srcc_interval(0.8699639, 15);
  EXPECT_NEAR(estimate.low, 0.5840951, 5e-8);
  EXPECT_NEAR(estimate.high, 0.9638297, 5e-8);
}

TEST(SrccInterval, HoldsTheEstimateAndShrinksWithSamples) {
  for (const double r : {-1.0, -0.95, -0.3, 0.0, 0.5, 0.899, 0.99, 1.0}) {
    double last_width = 3;
    for (std::size_t count = 4; count < 2000; count = count * 3 / 2) {
      SCOPED_TRACE(std::to_string(r) + " of " + std::to_string(count));
      const SrccEstimate estimate = srcc_interval(r, count);
      EXPECT_LE(estimate.low, r);
      EXPECT_GE(estimate.high, r);
      EXPECT_GE(estimate.low, -1);
      EXPECT_LE(estimate.high, 1);
      EXPECT_LT(estimate.high - estimate.low, last_width);
      EXPECT_GT(srcc_interval(r, count, 0.99).high - srcc_interval(r, count, 0.99).low, estimate.high - estimate.low);
      last_width = estimate.high - estimate.low;
    }
  }
}

TEST(SrccInterval, NothingIsKnownFromThreeSamples) {
  const SrccEstimate estimate = srcc_interval(1, 3);
  EXPECT_EQ(estimate.low, -1);
  EXPECT_EQ(estimate.high, 1);
  EXPECT_EQ(decide_monotonicity(estimate).answer, Monotonicity::unknown);
}

// Bivariate normal samples of correlation rho have the SRCC 6 / pi asin(rho / 2). 4,000 samplings: the share's standard
// error is below 0.004.
TEST(SrccInterval, CoversTheTruthAsOftenAsItSays) {
  for (const double rho : {0.0, 0.5, 0.8, 0.9}) {
    for (const std::size_t count : {10, 30, 50}) {
      SCOPED_TRACE("rho " + std::to_string(rho) + ", samples " + std::to_string(count));
      const double truth = 6 / std::numbers::pi * std::asin(rho / 2);
      Rng rng(7);
      std::vector<double> a(count);
      std::vector<double> b(count);
      int covered = 0;
      constexpr int repeats = 4000;
      for (int repeat = 0; repeat < repeats; ++repeat) {
        for (std::size_t i = 0; i < count; ++i) {
          a[i] = rng.normal();
          b[i] = rho * a[i] + std::sqrt(1 - rho * rho) * rng.normal();
        }
        const SrccEstimate estimate = estimate_srcc(a, b);
        covered += estimate.low <= truth && truth <= estimate.high ? 1 : 0;
      }
      EXPECT_GE(covered, 0.93 * repeats);
      EXPECT_LE(covered, 0.975 * repeats);
    }
  }
}

TEST(Decision, ThreeAnswers) {
  EXPECT_EQ(decide_monotonicity(srcc_interval(0.97, 50)).answer, Monotonicity::monotone);
  EXPECT_EQ(decide_monotonicity(srcc_interval(0.6, 50)).answer, Monotonicity::not_monotone);
  EXPECT_EQ(decide_monotonicity(srcc_interval(0.91, 50)).answer, Monotonicity::unknown);
  EXPECT_EQ(decide_monotonicity(srcc_interval(0.97, 8)).answer, Monotonicity::unknown);
  EXPECT_EQ(decide_monotonicity(srcc_interval(0.97, 50), DecisionRule::interval, 0.99).answer,
            Monotonicity::not_monotone);
}

TEST(Decision, PaperRuleIsPlain) {
  EXPECT_EQ(decide_monotonicity(srcc_interval(0.9, 10), DecisionRule::paper).answer, Monotonicity::monotone);
  EXPECT_EQ(decide_monotonicity(srcc_interval(0.8999, 1000), DecisionRule::paper).answer, Monotonicity::not_monotone);
}

TEST(Decision, SaysWhy) {
  EXPECT_EQ(decide_monotonicity(srcc_interval(0.8699639, 15)).why,
            "SRCC 0.8700 of 15 samples: its 95% interval, 0.5841 to 0.9638, contains the threshold 0.9");
  EXPECT_EQ(decide_monotonicity(srcc_interval(0.95, 20), DecisionRule::paper).why,
            "SRCC 0.9500 of 20 samples is at or above the threshold 0.9 (plain rule)");
}

TEST(Decision, ConstantSampleIsUnknownByEitherRule) {
  const std::vector<double> constant(20, 1.0);
  std::vector<double> rising(20);
  for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<double>(i);
  for (const DecisionRule rule : {DecisionRule::interval, DecisionRule::paper}) {
    EXPECT_EQ(decide_monotonicity(estimate_srcc(constant, rising), rule).answer, Monotonicity::unknown);
  }
}

}  // namespace
}  // namespace oneproxy
