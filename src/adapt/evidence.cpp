#include "evidence.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>

#include "minimise.hpp"

namespace oneproxy {

using Eigen::Index;

namespace {

constexpr double log_two_pi = 1.8378770664093453;
constexpr double jitter = 1e-9;

Eigen::VectorXd prior_logs(const FewShotPrior& prior, const SampleKernels& kernels) {
  Eigen::VectorXd logs(static_cast<Index>(kernels.groups.size()) + 1);
  for (std::size_t g = 0; g < kernels.groups.size(); ++g) {
    logs(static_cast<Index>(g)) = prior.log_variance[kernels.groups[g]];
  }
  logs(logs.size() - 1) = prior.log_noise;
  return logs;
}

// Noise of sample i: exp(last log) * noise_scale(i) + rounding(i).
Eigen::MatrixXd covariance(const SampleKernels& kernels, const Eigen::VectorXd& logs,
                           const Eigen::VectorXd& noise_scale, const Eigen::VectorXd& rounding) {
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(rounding.size(), rounding.size());
  for (std::size_t g = 0; g < kernels.kernels.size(); ++g) {
    result += std::exp(logs(static_cast<Index>(g))) * kernels.kernels[g];
  }
  result.diagonal() += std::exp(logs(logs.size() - 1)) * noise_scale + rounding;
  result.diagonal().array() += jitter;
  return result;
}

Eigen::VectorXd maximise(const FewShotPrior& prior, const SampleKernels& kernels, const Eigen::VectorXd& y,
                         const Eigen::VectorXd& noise_scale, const Eigen::VectorXd& rounding,
                         const Eigen::VectorXd& start) {
  const Eigen::VectorXd expected = prior_logs(prior, kernels);
  const auto objective = [&](const Eigen::VectorXd& logs, Eigen::VectorXd& gradient) {
    if (logs.cwiseAbs().maxCoeff() > 40) return std::numeric_limits<double>::infinity();
    const Eigen::LLT<Eigen::MatrixXd> llt(covariance(kernels, logs, noise_scale, rounding));
    if (llt.info() != Eigen::Success) return std::numeric_limits<double>::infinity();
    Eigen::MatrixXd weight = llt.solve(Eigen::MatrixXd::Identity(y.size(), y.size()));
    const Eigen::VectorXd solved = weight * y;
    const Eigen::VectorXd away = (logs - expected) / prior.log_deviation;
    const double value = y.dot(solved) / 2 + llt.matrixLLT().diagonal().array().log().sum() + away.squaredNorm() / 2;
    weight.noalias() -= solved * solved.transpose();
    gradient = away / prior.log_deviation;
    for (std::size_t g = 0; g < kernels.kernels.size(); ++g) {
      const auto at = static_cast<Index>(g);
      gradient(at) += std::exp(logs(at)) / 2 * weight.cwiseProduct(kernels.kernels[g]).sum();
    }
    const Index last = logs.size() - 1;
    gradient(last) += std::exp(logs(last)) / 2 * weight.diagonal().dot(noise_scale);
    return value;
  };
  return minimise(objective, start, 60);
}

}  // namespace

SampleKernels::SampleKernels(const FewShotPrior& prior, const Eigen::MatrixXd& sample_features) {
  for (std::size_t g = 0; g < prior_group_count; ++g) {
    if (!prior.has(static_cast<PriorGroup>(g))) continue;
    groups.push_back(g);
    kernels.push_back(sample_features * prior.share.col(static_cast<Index>(g)).asDiagonal() *
                      sample_features.transpose());
  }
}

EvidenceFit fit_evidence(const FewShotPrior& prior, const SampleKernels& kernels, const Eigen::VectorXd& y,
                         const Eigen::VectorXd& rounding, bool outliers, bool fit) {
  const Index count = y.size();
  const Eigen::VectorXd expected = prior_logs(prior, kernels);
  EvidenceFit result;
  result.log_variance = expected;
  Eigen::VectorXd noise_scale = Eigen::VectorXd::Ones(count);
  // Student's t is normal noise whose precision has a gamma prior (2, 2); given the residuals its posterior is
  // gamma(2.5, rate), and with digamma(2.5) in closed form what that adds to the bound on the evidence.
  constexpr double prior_shape = 2;
  constexpr double shape = 2.5;
  constexpr double digamma = 0.70315664064524319;
  double bound = 0;
  const int rounds = outliers ? 6 : 1;
  for (int round = 0; round < rounds; ++round) {
    if (fit) result.log_variance = maximise(prior, kernels, y, noise_scale, rounding, result.log_variance);
    const double noise = std::exp(result.log_variance(result.log_variance.size() - 1));
    const Eigen::LLT<Eigen::MatrixXd> llt(covariance(kernels, result.log_variance, noise_scale, rounding));
    result.noise = noise * noise_scale + rounding;
    result.cholesky = llt.matrixL();
    const Eigen::MatrixXd inverse = llt.solve(Eigen::MatrixXd::Identity(count, count));
    result.solved = inverse * y;
    result.left_out = y.array() - result.solved.array() / inverse.diagonal().array();
    result.left_out_deviation = inverse.diagonal().array().rsqrt();
    result.log_evidence = -y.dot(result.solved) / 2 - result.cholesky.diagonal().array().log().sum() -
                          static_cast<double>(count) * log_two_pi / 2 -
                          ((result.log_variance - expected) / prior.log_deviation).squaredNorm() / 2 + bound;
    if (!outliers || round + 1 == rounds) break;
    // Expected squared residual against the noise: what the fit leaves, and its own variance.
    const Eigen::VectorXd own = noise * noise_scale;
    bound = 0;
    for (Index i = 0; i < count; ++i) {
      const double residual = own(i) * result.solved(i);
      const double variance = own(i) - own(i) * own(i) * inverse(i, i);
      const double rate = prior_shape + (residual * residual + std::max(variance, 0.0)) / noise / 2;
      noise_scale(i) = rate / shape;
      const double divergence = (shape - prior_shape) * digamma - std::lgamma(shape) + std::lgamma(prior_shape) +
                                prior_shape * (std::log(rate) - std::log(prior_shape)) +
                                shape * (prior_shape - rate) / rate;
      bound += (digamma - std::log(rate) - std::log(shape / rate)) / 2 - divergence;
    }
  }
  return result;
}

}  // namespace oneproxy
