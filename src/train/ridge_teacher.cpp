#include "ridge_teacher.hpp"

#include <Eigen/Eigenvalues>
#include <limits>

namespace oneproxy {

Eigen::MatrixXd RidgeTeacher::features(std::span<const Architecture> xs) const {
  const auto decisions = space_.decisions();
  Eigen::Index option_count = 0;
  for (const auto& decision : decisions) option_count += static_cast<Eigen::Index>(decision.options.size());
  const Eigen::MatrixXd encoded = space_.encode(xs).cast<double>();
  Eigen::MatrixXd result = Eigen::MatrixXd::Zero(encoded.rows(), encoded.cols() + option_count);
  result.leftCols(encoded.cols()) = encoded;
  for (Eigen::Index i = 0; i < result.rows(); ++i) {
    Eigen::Index first = encoded.cols();
    for (std::size_t d = 0; d < decisions.size(); ++d) {
      result(i, first + xs[static_cast<std::size_t>(i)][d]) = 1;
      first += static_cast<Eigen::Index>(decisions[d].options.size());
    }
  }
  return result;
}

RidgeTeacher::RidgeTeacher(const SearchSpace& space, std::span<const Architecture> xs, std::span<const double> values)
    : space_(space) {
  const Eigen::Map<const Eigen::VectorXd> y(values.data(), static_cast<Eigen::Index>(values.size()));
  Eigen::MatrixXd x = features(xs);
  centre_ = x.colwise().mean();
  x.rowwise() -= centre_;
  mean_ = y.mean();
  const Eigen::VectorXd centred = y.array() - mean_;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(x.transpose() * x);
  const Eigen::MatrixXd rotated = x * eigen.eigenvectors();
  const Eigen::VectorXd projected = rotated.transpose() * centred;
  const Eigen::VectorXd strength = eigen.eigenvalues().cwiseMax(0.0);
  double lowest = std::numeric_limits<double>::infinity();
  for (double penalty = 0.1; penalty < 1e4; penalty *= 1.6) {
    const Eigen::VectorXd shrunk = (strength.array() + penalty).inverse();
    const Eigen::VectorXd in_basis = shrunk.cwiseProduct(projected);
    // Leaving one out in closed form: its residual over 1 - its leverage.
    const Eigen::ArrayXd leverage =
        (rotated.array().square().matrix() * shrunk).array() + 1.0 / static_cast<double>(y.size());
    const double error = ((centred - rotated * in_basis).array() / (1 - leverage)).square().sum();
    if (error < lowest) {
      lowest = error;
      weights_ = eigen.eigenvectors() * in_basis;
    }
  }
}

std::vector<double> RidgeTeacher::predict(std::span<const Architecture> xs) const {
  const Eigen::VectorXd values = ((features(xs).rowwise() - centre_) * weights_).array() + mean_;
  return {values.begin(), values.end()};
}

}  // namespace oneproxy
