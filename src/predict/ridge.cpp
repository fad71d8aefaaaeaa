#include "oneproxy/predict/ridge.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>

namespace oneproxy {

// Leave-one-out residuals are e_i / (1 - h_i), with the diagonal h of the hat matrix
// from one eigendecomposition for all strengths.
RidgeFit fit_ridge(const Eigen::MatrixXd& x, const Eigen::VectorXd& y) {
  const double count = static_cast<double>(y.size());
  const Eigen::RowVectorXd mean = x.colwise().mean();
  const Eigen::MatrixXd centred = x.rowwise() - mean;
  const Eigen::VectorXd centred_y = y.array() - y.mean();

  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(centred.transpose() * centred);
  const Eigen::ArrayXd d2 = eigen.eigenvalues().array().max(0.0);
  const Eigen::MatrixXd scores = centred * eigen.eigenvectors();  // U D
  const Eigen::VectorXd projected = scores.transpose() * centred_y;
  const Eigen::MatrixXd squared_scores = scores.array().square();

  // One-hot columns have variances near 1/10: from next to no shrinking to far more than any fit wants.
  constexpr int strength_count = 41;
  RidgeFit best;
  double best_error = std::numeric_limits<double>::infinity();
  Eigen::VectorXd best_coordinates = Eigen::VectorXd::Zero(d2.size());
  for (int i = 0; i < strength_count; ++i) {
    const double ridge = count * std::pow(10.0, -8 + 10.0 * i / (strength_count - 1));
    const Eigen::VectorXd coordinates = projected.array() / (d2 + ridge);
    const Eigen::VectorXd leverage = (squared_scores * (1 / (d2 + ridge)).matrix()).array() + 1 / count;
    const Eigen::ArrayXd residual = (centred_y - scores * coordinates).array();
    const double error = (residual / (1 - leverage.array()).max(1e-9)).square().mean();
    if (error < best_error) {
      best_error = error;
      best.ridge = ridge;
      best_coordinates = coordinates;
    }
  }
  best.weights = eigen.eigenvectors() * best_coordinates;
  best.intercept = y.mean() - mean.dot(best.weights);
  return best;
}

}  // namespace oneproxy
