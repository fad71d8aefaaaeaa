#include "oneproxy/adapt/proxy_adaptation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include "adapt/published_data.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

struct Case {
  SpacePtr space = published::plain_space("plain", 8, {"a", "b", "c", "d"});
  std::vector<Architecture> samples;
  std::vector<double> latency_ms;
  Eigen::VectorXd proxy_weights;
};

// A target whose operators differ from the proxy's by about `change`.
Case random_case(std::uint64_t seed, std::size_t count, double change) {
  Case c;
  Rng rng(seed);
  c.samples = c.space->sample_distinct(count, rng);
  c.proxy_weights.resize(33);
  for (double& weight : c.proxy_weights) weight = 0.2 + rng.uniform();
  Eigen::VectorXd target = c.proxy_weights;
  for (double& weight : target) weight *= std::exp(change * rng.normal());
  const Eigen::VectorXd latency = LinearPredictor(c.space, target).latency_ms(c.samples);
  for (const double value : latency) c.latency_ms.push_back(value * (1 + 0.01 * rng.normal()));
  return c;
}

std::vector<AdaptationOptions> all_options() {
  std::vector<AdaptationOptions> result;
  for (const AdaptationNorm norm : {AdaptationNorm::l1, AdaptationNorm::l2}) {
    for (const bool intercept : {false, true}) {
      for (const LambdaValidation validation : {LambdaValidation::split, LambdaValidation::folds}) {
        for (const bool refit : {false, true}) {
          AdaptationOptions options;
          options.norm = norm;
          options.intercept = intercept;
          options.validation = validation;
          options.refit = refit;
          options.lambda_count = 30;
          result.push_back(options);
        }
      }
    }
  }
  return result;
}

std::vector<double> all_predictions(const LinearPredictor& predictor, const std::vector<Architecture>& xs) {
  const Eigen::VectorXd values = predictor.latency_ms(xs);
  return {values.begin(), values.end()};
}

TEST(ProxyAdaptation, NeverWorseOnValidationThanTheProxy) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Case c = random_case(seed, 6 + seed, seed % 3 == 0 ? 0.01 : 0.8);
    for (AdaptationOptions options : all_options()) {
      options.seed = seed;
      const AdaptedProxy adapted = adapt(LinearPredictor(c.space, c.proxy_weights), c.samples, c.latency_ms, options);
      EXPECT_GE(adapted.validation_srcc_after, adapted.validation_srcc_before);
      EXPECT_TRUE(std::isinf(adapted.path.front().lambda));
      for (const LambdaScore& score : adapted.path) EXPECT_LE(score.validation_srcc, adapted.validation_srcc_after);
      for (std::size_t i = 1; i < adapted.path.size(); ++i)
        EXPECT_LT(adapted.path[i].lambda, adapted.path[i - 1].lambda);
    }
  }
}

TEST(ProxyAdaptation, WeightsAreThoseOfEquation3) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Case c = random_case(seed, 40, 0.8);
    for (const AdaptationOptions& options : all_options()) {
      const AdaptedProxy adapted = adapt(LinearPredictor(c.space, c.proxy_weights), c.samples, c.latency_ms, options);
      Eigen::VectorXd expected = (adapted.alpha + adapted.b.array()) * c.proxy_weights.array();
      expected(32) += adapted.intercept_ms;
      EXPECT_LT((adapted.predictor.weights_ms() - expected).cwiseAbs().maxCoeff(), 1e-12);
      if (!options.intercept) {
        EXPECT_EQ(adapted.intercept_ms, 0);
      }
    }
  }
}

// Latencies that contradict the proxy wherever it is asked leave no lambda better than infinity.
TEST(ProxyAdaptation, UnadaptedProxyKeepsItsOwnRanking) {
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Case c = random_case(seed, 30, 0);
    const LinearPredictor proxy(c.space, c.proxy_weights);
    if (seed % 2 == 0) {  // anti-correlated: with an intercept alpha would be negative
      for (double& latency : c.latency_ms) latency = 20 - latency;
    }
    for (const AdaptationOptions& options : all_options()) {
      const AdaptedProxy adapted = adapt(proxy, c.samples, c.latency_ms, options);
      if (!std::isinf(adapted.lambda)) continue;
      ++kept;
      EXPECT_EQ(adapted.b.norm(), 0);
      EXPECT_GT(adapted.alpha, 0);
      EXPECT_NEAR(srcc(all_predictions(adapted.predictor, c.samples), all_predictions(proxy, c.samples)), 1, 1e-12);
    }
  }
  EXPECT_GT(kept, 10);
}

TEST(ProxyAdaptation, ImprovesAForeignTarget) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Case c = random_case(seed, 400, 1.0);
    const LinearPredictor proxy(c.space, c.proxy_weights);
    const auto samples = std::span(c.samples).first(60);
    const AdaptedProxy adapted = adapt(proxy, samples, std::span(c.latency_ms).first(60));
    const std::vector<Architecture> unseen(c.samples.begin() + 60, c.samples.end());
    const auto truth = std::span(c.latency_ms).subspan(60);
    EXPECT_GT(srcc(all_predictions(adapted.predictor, unseen), truth), 0.97);
    EXPECT_LT(srcc(all_predictions(proxy, unseen), truth), 0.97);
  }
}

TEST(ProxyAdaptation, SameSeedSameBytesOnAnyThread) {
  const Case c = random_case(3, 40, 0.8);
  const LinearPredictor proxy(c.space, c.proxy_weights);
  for (const AdaptationOptions& options : all_options()) {
    const AdaptedProxy here = adapt(proxy, c.samples, c.latency_ms, options);
    Eigen::VectorXd there;
    std::thread([&] { there = adapt(proxy, c.samples, c.latency_ms, options).predictor.weights_ms(); }).join();
    EXPECT_EQ(here.predictor.weights_ms(), there);
  }
}

TEST(ProxyAdaptation, ConstantAndDuplicateSamplesAreNoTrouble) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Case c = random_case(seed, 20, 0.5);
    for (std::size_t i = 1; i < c.samples.size(); i += 2) c.samples[i] = c.samples[i - 1];
    for (const bool constant : {false, true}) {
      if (constant) c.latency_ms.assign(c.latency_ms.size(), 2.0);
      for (const AdaptationOptions& options : all_options()) {
        const AdaptedProxy adapted = adapt(LinearPredictor(c.space, c.proxy_weights), c.samples, c.latency_ms, options);
        EXPECT_TRUE(adapted.predictor.weights_ms().allFinite());
        EXPECT_FALSE(adapted.validation_srcc_after < adapted.validation_srcc_before);
      }
    }
  }
}

TEST(ProxyAdaptation, RefusesTooFewSamples) {
  const Case c = random_case(1, 5, 0.5);
  const LinearPredictor proxy(c.space, c.proxy_weights);
  EXPECT_THROW(adapt(proxy, c.samples, c.latency_ms), InputError);
  EXPECT_THROW(cross_validated_srcc(proxy, c.samples, c.latency_ms), InputError);
}

TEST(ProxyAdaptation, FewestSamplesAreEnough) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Case c = random_case(seed, fewest_adaptation_samples, 0.5);
    const LinearPredictor proxy(c.space, c.proxy_weights);
    for (const AdaptationOptions& options : all_options()) {
      EXPECT_TRUE(adapt(proxy, c.samples, c.latency_ms, options).predictor.weights_ms().allFinite());
      EXPECT_EQ(cross_validated_srcc(proxy, c.samples, c.latency_ms, options).sample_count, c.samples.size());
    }
  }
}

// What the estimate says without looking at unseen architectures, against what they say.
TEST(ProxyAdaptation, CrossValidatedSrccIsHonest) {
  double estimated = 0;
  double true_srcc = 0;
  constexpr int seeds = 30;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Case c = random_case(seed, 300, 1.2);
    const LinearPredictor proxy(c.space, c.proxy_weights);
    const auto samples = std::span(c.samples).first(30);
    const auto latency = std::span(c.latency_ms).first(30);
    AdaptationOptions options;
    options.lambda_count = 30;
    estimated += cross_validated_srcc(proxy, samples, latency, options).srcc / seeds;
    const std::vector<Architecture> unseen(c.samples.begin() + 30, c.samples.end());
    true_srcc += srcc(all_predictions(adapt(proxy, samples, latency, options).predictor, unseen),
                      std::span(c.latency_ms).subspan(30)) /
                 seeds;
  }
  // Each fold learns from a tenth less, so the estimate may be somewhat low, but not high.
  EXPECT_LT(estimated, true_srcc + 0.01);
  EXPECT_GT(estimated, true_srcc - 0.1);
}

}  // namespace
}  // namespace oneproxy
