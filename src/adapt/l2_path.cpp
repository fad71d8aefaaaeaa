#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "path_solvers.hpp"

namespace oneproxy {
namespace {

// With z = U D V^T the solution of the ridge problem for mu is b(mu) = V (D^2 + mu)^-1 D U^T y, and its norm is
// sqrt(sum_i weight_i / (d2_i + mu)^2).
struct Spectrum {
  Eigen::ArrayXd d2;
  Eigen::ArrayXd weight;

  /// log(mu ||b(mu)||) and its derivative by log(mu).
  std::pair<double, double> log_phi(double log_mu) const {
    const double mu = std::exp(log_mu);
    double sum = 0;
    double slope = 0;
    for (Eigen::Index i = 0; i < d2.size(); ++i) {
      const double inverse = 1 / (d2[i] + mu);
      const double part = weight[i] * inverse * inverse;
      sum += part;
      slope += part * d2[i] * inverse;
    }
    return {log_mu + 0.5 * std::log(sum), slope / sum};
  }
};

// The mu with mu ||b(mu)|| = share * (the supremum of that), share < 1: the left side grows from 0. Every term of its
// square is at least mu / (mu + greatest d2) of what it comes to in the end, which bounds mu from above, and bounds
// Newton's step where the curve is flat. `start`: some mu above the solution, or infinity.
double solve_mu(const Spectrum& spectrum, double supremum, double share, double start) {
  const double log_target = std::log(supremum) + std::log(share);
  double low = std::log(std::numeric_limits<double>::min());
  double high = std::log(spectrum.d2.maxCoeff()) + std::log(share / (1 - share));
  double log_mu = std::min(high, std::log(start));
  for (int i = 0; i < 100; ++i) {
    const auto [value, slope] = spectrum.log_phi(log_mu);
    const double error = value - log_target;
    if (std::abs(error) < 1e-14) break;
    (error > 0 ? high : low) = log_mu;
    double next = log_mu - error / slope;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::abs(next - log_mu) < 1e-15 * std::abs(log_mu)) break;
    log_mu = next;
  }
  return std::exp(log_mu);
}

}  // namespace

// The gradient vanishes where z^T (z b - y) + (N lambda / 2) b / ||b|| = 0: b is the ridge solution of the mu with
// mu ||b(mu)|| = N lambda / 2. One eigendecomposition serves all lambdas.
Eigen::MatrixXd solve_l2_path(const Eigen::MatrixXd& z, const Eigen::VectorXd& y, std::span<const double> lambdas,
                              double lambda_max) {
  Eigen::MatrixXd b = Eigen::MatrixXd::Zero(z.cols(), static_cast<Eigen::Index>(lambdas.size()));
  if (lambda_max <= 0) return b;
  const bool wide = z.rows() <= z.cols();
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen;
  if (wide) {
    eigen.compute(z * z.transpose());
  } else {
    eigen.compute(z.transpose() * z);
  }
  const Eigen::MatrixXd& vectors = eigen.eigenvectors();
  Spectrum spectrum;
  spectrum.d2 = eigen.eigenvalues().array().max(0.0);
  const Eigen::ArrayXd part = wide ? Eigen::ArrayXd((vectors.transpose() * y).array())
                                   : Eigen::ArrayXd((vectors.transpose() * (z.transpose() * y)).array());
  spectrum.weight = wide ? Eigen::ArrayXd(spectrum.d2 * part.square()) : Eigen::ArrayXd(part.square());

  // As the spectrum has it, which differs from lambda_max by rounding: what the proxy leaves to b may be small beside
  // z.
  const double supremum = std::sqrt(spectrum.weight.sum());
  double mu = std::numeric_limits<double>::infinity();
  Eigen::MatrixXd inner = Eigen::MatrixXd::Zero(vectors.rows(), b.cols());
  for (std::size_t l = 0; l < lambdas.size(); ++l) {
    const double share = static_cast<double>(y.size()) * lambdas[l] / 2 / supremum;
    if (lambdas[l] >= lambda_max || !(share < 1)) continue;
    mu = solve_mu(spectrum, supremum, share, mu);
    inner.col(static_cast<Eigen::Index>(l)) = part / (spectrum.d2 + mu);
  }
  if (wide) {
    b.noalias() = z.transpose() * (vectors * inner);
  } else {
    b.noalias() = vectors * inner;
  }
  for (Eigen::Index j = 0; j < z.cols(); ++j) {
    if (z.col(j).isZero(0)) b.row(j).setZero();  // exactly: the eigenvectors leave rounding errors there
  }
  return b;
}

}  // namespace oneproxy
