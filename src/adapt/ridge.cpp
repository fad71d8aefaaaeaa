#include "ridge.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>

namespace oneproxy {

using Eigen::Index;

// With the eigendecomposition of x^T x the leave-one-out residuals e_i / (1 - h_i) of all strengths are cheap.
Eigen::MatrixXd ridge_weights(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y) {
  const double count = static_cast<double>(x.rows());
  const Eigen::MatrixXd centred = x.rowwise() - x.colwise().mean();
  const Eigen::MatrixXd centred_y = y.rowwise() - y.colwise().mean();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(centred.transpose() * centred);
  const Eigen::ArrayXd d2 = eigen.eigenvalues().array().max(0.0);
  const Eigen::MatrixXd scores = centred * eigen.eigenvectors();
  const Eigen::MatrixXd squared_scores = scores.array().square();
  const Eigen::MatrixXd projected = scores.transpose() * centred_y;

  Eigen::RowVectorXd best_error = Eigen::RowVectorXd::Constant(y.cols(), std::numeric_limits<double>::infinity());
  Eigen::MatrixXd best = Eigen::MatrixXd::Zero(x.cols(), y.cols());
  for (int quarter = -8; quarter <= 20; ++quarter) {  // strengths 10^-2 to 10^5
    const Eigen::VectorXd inverse = 1 / (d2 + std::pow(10.0, quarter / 4.0));
    const Eigen::ArrayXd rest = (1 - (squared_scores * inverse).array() - 1 / count).max(1e-9);
    const Eigen::MatrixXd coordinates = inverse.asDiagonal() * projected;
    const Eigen::MatrixXd residual = centred_y - scores * coordinates;
    for (Index d = 0; d < y.cols(); ++d) {
      const double error = (residual.col(d).array() / rest).square().mean();
      if (error >= best_error(d)) continue;
      best_error(d) = error;
      best.col(d) = coordinates.col(d);
    }
  }
  return eigen.eigenvectors() * best;
}

ColumnScale column_scale(const Eigen::MatrixXd& x) {
  ColumnScale scale{.kept = {}, .mean = Eigen::RowVectorXd(x.cols()), .deviation = Eigen::RowVectorXd(x.cols())};
  Index kept = 0;
  for (Index j = 0; j < x.cols(); ++j) {
    const double mean = x.col(j).mean();
    const double deviation = std::sqrt((x.col(j).array() - mean).square().mean());
    if (!(deviation > 1e-9 * std::abs(mean)) || deviation < 1e-300) continue;
    scale.kept.push_back(j);
    scale.mean(kept) = mean;
    scale.deviation(kept++) = deviation;
  }
  scale.mean.conservativeResize(kept);
  scale.deviation.conservativeResize(kept);
  return scale;
}

Eigen::MatrixXd ColumnScale::operator()(const Eigen::MatrixXd& x) const {
  Eigen::MatrixXd result = x(Eigen::all, kept);
  return (result.rowwise() - mean).array().rowwise() / deviation.array();
}

Eigen::MatrixXd standardised(const Eigen::MatrixXd& x) { return column_scale(x)(x); }

}  // namespace oneproxy
