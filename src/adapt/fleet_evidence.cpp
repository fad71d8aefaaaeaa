#include "fleet_evidence.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "few_shot_defaults.hpp"
#include "minimise.hpp"

namespace oneproxy {

using Eigen::Index;

namespace {

struct Kernels {
  Eigen::MatrixXd proxies;
  Eigen::MatrixXd encoding;
};

}  // namespace

FleetVariances fit_fleet(const std::vector<PseudoTarget>& targets, Index encoding_count, std::size_t steps) {
  const Index feature_count = targets.front().features.cols();
  const auto target_count = static_cast<Index>(targets.size());
  std::vector<Kernels> kernels;
  for (const PseudoTarget& target : targets) {
    const Eigen::MatrixXd encoding = target.features.rightCols(encoding_count);
    kernels.push_back({target.proxies * target.proxies.transpose(),
                       encoding * encoding.transpose() / std::max<double>(1, static_cast<double>(encoding_count))});
  }
  // Parameters: proxies, the features, the encoding, the devices' noises.
  const Index encoding_at = 1 + feature_count;
  const Index noise_at = encoding_at + 1;
  Eigen::VectorXd expected(noise_at + target_count);
  expected(0) = std::log(default_variance[0]);
  expected.segment(1, feature_count)
      .setConstant(std::log(0.2 / std::max<double>(1, static_cast<double>(feature_count))));
  expected(encoding_at) = std::log(default_variance[static_cast<std::size_t>(PriorGroup::encoding)]);
  expected.tail(target_count).setConstant(std::log(default_noise));
  constexpr double deviation = 2;

  const auto objective = [&](const Eigen::VectorXd& x, Eigen::VectorXd& gradient) {
    if (x.cwiseAbs().maxCoeff() > 40) return std::numeric_limits<double>::infinity();
    const Eigen::VectorXd variance = x.array().exp();
    const Eigen::VectorXd away = (x - expected) / deviation;
    double value = away.squaredNorm() / 2;
    gradient = away / deviation;
    const auto feature_variance = variance.segment(1, feature_count);
    for (Index t = 0; t < target_count; ++t) {
      const PseudoTarget& target = targets[static_cast<std::size_t>(t)];
      const Kernels& kernel = kernels[static_cast<std::size_t>(t)];
      const Index n = target.latency.size();
      Eigen::MatrixXd covariance = variance(0) * kernel.proxies + variance(encoding_at) * kernel.encoding;
      covariance.noalias() += target.features * feature_variance.asDiagonal() * target.features.transpose();
      covariance.array() += default_variance[static_cast<std::size_t>(PriorGroup::constant)];
      covariance.diagonal().array() += variance(noise_at + t) + 1e-9;
      const Eigen::LLT<Eigen::MatrixXd> llt(covariance);
      if (llt.info() != Eigen::Success) return std::numeric_limits<double>::infinity();
      Eigen::MatrixXd weight = llt.solve(Eigen::MatrixXd::Identity(n, n));
      const Eigen::VectorXd solved = weight * target.latency;
      value += target.latency.dot(solved) / 2 + llt.matrixLLT().diagonal().array().log().sum();
      weight.noalias() -= solved * solved.transpose();
      gradient(0) += variance(0) / 2 * weight.cwiseProduct(kernel.proxies).sum();
      gradient(encoding_at) += variance(encoding_at) / 2 * weight.cwiseProduct(kernel.encoding).sum();
      gradient(noise_at + t) += variance(noise_at + t) / 2 * weight.trace();
      const Eigen::MatrixXd product = weight * target.features;
      gradient.segment(1, feature_count).array() +=
          feature_variance.array() / 2 * target.features.cwiseProduct(product).colwise().sum().transpose().array();
    }
    return value;
  };
  const Eigen::VectorXd x = minimise(objective, expected, steps, 1e-5);

  std::vector<double> noises(x.data() + noise_at, x.data() + x.size());
  std::nth_element(noises.begin(), noises.begin() + static_cast<std::ptrdiff_t>(noises.size() / 2), noises.end());
  return {x(0), x.segment(1, feature_count), x(encoding_at), noises[noises.size() / 2]};
}

}  // namespace oneproxy
