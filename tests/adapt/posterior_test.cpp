#include "oneproxy/adapt/posterior.hpp"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "adapt/few_shot_synthetic.hpp"
#include "oneproxy/adapt/lambda_path.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;
using few_shot::at;
using few_shot::row_range;

constexpr PosteriorOptions plain{
    .try_logarithm = false, .try_outliers = false, .try_rank = false, .fit_variances = false};

double unseen_srcc(const FewShotPosterior& posterior, const Eigen::VectorXd& latency, std::size_t from) {
  const auto rows = row_range(from, static_cast<std::size_t>(latency.size()) - from);
  return srcc(at(posterior.predict_median(), rows), at(latency, rows));
}

TEST(Posterior, IsEquationThreeWithTheSquaredNorm) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Index samples = 30;
    Eigen::MatrixXd x = Eigen::MatrixXd::Zero(samples + 20, 5 * 4 + 1);
    for (Index i = 0; i < x.rows(); ++i) {
      for (Index block = 0; block < 5; ++block) x(i, 4 * block + static_cast<Index>(rng.below(4))) = 1;
      x(i, 20) = 1;
    }
    Eigen::VectorXd w(21);
    for (double& value : w) value = 0.2 + rng.uniform();
    Eigen::VectorXd target = w;
    for (double& value : target) value *= 1 + 0.5 * rng.normal();
    Eigen::VectorXd y = x.topRows(samples) * target;
    for (double& value : y) value += 0.05 * rng.normal();

    const AdaptationProblem problem(x.topRows(samples), w, y, AdaptationNorm::l2, true);
    for (const double share : {0.5, 0.1, 0.01}) {
      const std::array<double, 1> lambda{share * problem.lambda_max()};
      const LambdaSolution eqn3 = problem.solve(lambda).front();
      const Eigen::VectorXd expected =
          (x * ((eqn3.alpha + eqn3.b.array()) * w.array()).matrix()).array() + eqn3.intercept;

      // At its minimum lambda ||b|| has the gradient of mu ||b||^2 / N, and mu is noise over b's variance.
      const double mu = samples * lambda[0] / (2 * eqn3.b.norm());
      FewShotPrior prior = single_proxy_prior(x, w);
      const double variance = prior.log_variance[static_cast<std::size_t>(PriorGroup::encoding)];
      prior.log_noise = variance + std::log(mu);
      const FewShotPosterior posterior(prior, row_range(0, samples), at(y, row_range(0, samples)), plain);
      // Features are floats, and alpha and the constant have a variance of 1e6, not infinity.
      EXPECT_LT((posterior.predict_median() - expected).cwiseAbs().maxCoeff(), 2e-4 * expected.norm());
    }
  }
}

TEST(Posterior, IsBayesianLinearRegression) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const few_shot::Fleet fleet = few_shot::random_fleet(seed, 80, 3);
    const FewShotPrior prior = few_shot::prior_of(fleet);
    const auto samples = row_range(60, 12);
    const std::vector<double> latency = at(fleet.latency_ms.rightCols(1), samples);
    const FewShotPosterior posterior(prior, samples, latency, plain);

    const Eigen::VectorXd y = Eigen::Map<const Eigen::VectorXd>(latency.data(), std::ssize(latency));
    const double centre = y.mean();
    const double spread = std::sqrt((y.array() - centre).square().mean());
    const Eigen::MatrixXd phi = prior.features.cast<double>();
    const Eigen::MatrixXd seen = phi.middleRows(60, 12);
    // Weight space instead of sample space; features without variance are left out of both.
    const Eigen::MatrixXd precision =
        Eigen::MatrixXd(posterior.weight_variance().cwiseMax(1e-12).cwiseInverse().asDiagonal()) +
        seen.transpose() * seen / posterior.noise_variance();
    const Eigen::MatrixXd covariance = precision.inverse();
    const Eigen::VectorXd weights =
        covariance * seen.transpose() * ((y.array() - centre) / spread).matrix() / posterior.noise_variance();
    const LatencyBelief belief = posterior.predict();
    const Eigen::VectorXd location = (phi * weights).array() * spread + centre;
    const Eigen::VectorXd variance = (phi * covariance).cwiseProduct(phi).rowwise().sum() * spread * spread;
    // Prediction is in floats.
    EXPECT_LT((belief.location - location).cwiseAbs().maxCoeff(), 1e-4 * spread);
    EXPECT_LT((belief.variance - variance).cwiseAbs().maxCoeff(), 1e-4 * spread * spread);
    EXPECT_LT((posterior.predict_median() - location).cwiseAbs().maxCoeff(), 1e-4 * spread);
    EXPECT_LT((posterior.weight_covariance() - covariance).cwiseAbs().maxCoeff(), 1e-6);
  }
}

TEST(Posterior, DrawsHaveItsMeanAndVariance) {
  const few_shot::Fleet fleet = few_shot::random_fleet(1, 80, 3);
  const FewShotPrior prior = few_shot::prior_of(fleet);
  const auto samples = row_range(60, 12);
  const FewShotPosterior posterior(prior, samples, at(fleet.latency_ms.rightCols(1), samples), plain);
  Rng rng(1);
  constexpr Index draw_count = 4000;
  const Eigen::MatrixXd draws = posterior.draw_weights(rng, draw_count).cast<double>();
  const Eigen::MatrixXd covariance = posterior.weight_covariance();
  for (Index j = 0; j < draws.rows(); ++j) {
    const double variance = covariance(j, j);
    const double mean = draws.row(j).mean();
    // Five standard errors, of a mean and of a variance.
    EXPECT_NEAR(mean, posterior.weight_mean()(j), 5 * std::sqrt(variance / draw_count) + 1e-6);
    EXPECT_NEAR((draws.row(j).array() - mean).square().mean(), variance,
                5 * variance * std::sqrt(2.0 / draw_count) + 1e-9);
  }
}

TEST(Posterior, RanksBetterTheMoreIsKnown) {
  double none = 0;
  double one = 0;
  double many = 0;
  double few_samples = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    few_shot::Fleet fleet = few_shot::random_fleet(seed, 200, 7);
    const Eigen::VectorXd latency = fleet.latency_ms.rightCols(1);
    const auto samples = row_range(60, 10);
    const std::vector<double> seen = at(latency, samples);
    const FewShotPrior with_many = few_shot::prior_of(fleet);
    many += unseen_srcc({with_many, samples, seen}, latency, 70);
    few_samples += unseen_srcc({with_many, row_range(60, 4), at(latency, row_range(60, 4))}, latency, 70);
    fleet.latency_ms = fleet.latency_ms.rightCols(2).eval();
    const FewShotPrior with_one = few_shot::prior_of(fleet);
    one += unseen_srcc({with_one, samples, seen}, latency, 70);
    const FewShotPrior with_none = few_shot_prior({}, fleet.cost, fleet.encoding);
    none += unseen_srcc({with_none, samples, seen}, latency, 70);
  }
  EXPECT_GT(none / 20, 0.8);
  EXPECT_GT(one, none);
  EXPECT_GT(many, one);
  EXPECT_GT(many, few_samples);
}

TEST(Posterior, MissingLatenciesAreAsIfNotSampled) {
  const few_shot::Fleet fleet = few_shot::random_fleet(1, 100, 3);
  const FewShotPrior prior = few_shot::prior_of(fleet);
  const Eigen::VectorXd latency = fleet.latency_ms.rightCols(1);
  std::vector<double> seen = at(latency, row_range(60, 10));
  const FewShotPosterior without(prior, row_range(60, 9), std::span(seen).first(9));
  seen.back() = std::numeric_limits<double>::quiet_NaN();
  const FewShotPosterior with(prior, row_range(60, 10), seen);
  EXPECT_EQ(with.predict_median(), without.predict_median());
}

TEST(Posterior, FewOrEqualSamplesAreNoTrouble) {
  const few_shot::Fleet fleet = few_shot::random_fleet(1, 100, 3);
  const FewShotPrior prior = few_shot::prior_of(fleet);
  const std::vector<double> equal(10, 3.0);
  for (std::size_t count = 0; count <= 10; ++count) {
    SCOPED_TRACE(std::to_string(count) + " samples");
    const FewShotPosterior posterior(prior, row_range(0, count), std::span(equal).first(count));
    const LatencyBelief belief = posterior.predict();
    EXPECT_TRUE(belief.location.allFinite());
    EXPECT_GE(belief.variance.minCoeff(), 0);
    if (count > 0) {
      EXPECT_NEAR(belief.median().maxCoeff(), 3.0, 1e-6);
    }
  }
}

TEST(Posterior, TakesTheScaleThatTheLatenciesHave) {
  int logarithms = 0;
  int linears = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const few_shot::Fleet fleet = few_shot::random_fleet(seed, 200, 4);
    const FewShotPrior prior = few_shot::prior_of(fleet);
    const Eigen::VectorXd latency = fleet.latency_ms.rightCols(1);
    const auto samples = row_range(60, 60);
    const FewShotPosterior linear(prior, samples, at(latency, samples));
    linears += linear.scale() == LatencyScale::linear ? 1 : 0;
    const Eigen::VectorXd multiplied = latency.array().exp();
    const FewShotPosterior logarithm(prior, samples, at(multiplied, samples));
    logarithms += logarithm.scale() == LatencyScale::logarithm ? 1 : 0;
  }
  EXPECT_GE(linears, 19);
  EXPECT_GE(logarithms, 19);
}

TEST(Posterior, OutliersAreRecognised) {
  PosteriorOptions trusting;
  trusting.try_outliers = false;
  trusting.try_rank = false;
  double robust_sum = 0;
  double trusting_sum = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const few_shot::Fleet fleet = few_shot::random_fleet(seed, 200, 4);
    const FewShotPrior prior = few_shot::prior_of(fleet);
    const Eigen::VectorXd latency = fleet.latency_ms.rightCols(1);
    const auto samples = row_range(60, 30);
    std::vector<double> seen = at(latency, samples);
    for (const std::size_t i : {3, 17}) seen[i] *= 5;
    robust_sum += unseen_srcc({prior, samples, seen}, latency, 90);
    trusting_sum += unseen_srcc({prior, samples, seen, trusting}, latency, 90);
  }
  EXPECT_GT(robust_sum, trusting_sum + 20 * 0.02);
}

}  // namespace
}  // namespace oneproxy
