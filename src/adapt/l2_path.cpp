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
    const Eigen::ArrayXd inverse = 1 / (d2 + mu);
    const double sum = (weight * inverse.square()).sum();
    const double slope = (weight * d2 * inverse.cube()).sum() / sum;
    return {log_mu + 0.5 * std::log(sum), slope};
  }
};

// The mu with mu ||b(mu)|| = target; the left side grows from 0 to its supremum. Newton, kept inside a bracket.
double solve_mu(const Spectrum& spectrum, double target, double start) {
  const double log_target = std::log(target);
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  double log_mu = std::log(start);
  for (int i = 0; i < 200; ++i) {
    const auto [value, slope] = spectrum.log_phi(log_mu);
    const double error = value - log_target;
    if (std::abs(error) < 1e-14) break;
    (error > 0 ? high : low) = log_mu;
    // Near lambda_max the curve is flat and a whole Newton step would leave the range of double.
    double next = log_mu - std::clamp(error / slope, -4.0, 4.0);
    if (!(next > low && next < high)) next = std::isinf(low) ? high - 2 : std::isinf(high) ? low + 2 : (low + high) / 2;
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

  double mu = spectrum.d2.maxCoeff();
  for (std::size_t l = 0; l < lambdas.size(); ++l) {
    if (lambdas[l] >= lambda_max) continue;
    mu = solve_mu(spectrum, static_cast<double>(y.size()) * lambdas[l] / 2, mu);
    const Eigen::VectorXd inner = vectors * (part / (spectrum.d2 + mu)).matrix();
    if (wide) {
      b.col(static_cast<Eigen::Index>(l)).noalias() = z.transpose() * inner;
    } else {
      b.col(static_cast<Eigen::Index>(l)) = inner;
    }
  }
  for (Eigen::Index j = 0; j < z.cols(); ++j) {
    if (z.col(j).isZero(0)) b.row(j).setZero();  // exactly: the eigenvectors leave rounding errors there
  }
  return b;
}

}  // namespace oneproxy
