#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>

namespace oneproxy {

/// Local minimum by BFGS with backtracking. `objective(x, gradient)` returns the value, infinity where it has none.
/// No step is longer than 3 in any coordinate, since ours are logarithms.
template <class Objective>
Eigen::VectorXd minimise(const Objective& objective, Eigen::VectorXd x, std::size_t step_count,
                         double relative_gain = 1e-7) {
  Eigen::VectorXd gradient(x.size());
  double value = objective(x, gradient);
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Identity(x.size(), x.size());
  Eigen::VectorXd next_gradient(x.size());
  for (std::size_t step = 0; step < step_count; ++step) {
    Eigen::VectorXd direction = -(inverse * gradient);
    double slope = direction.dot(gradient);
    if (!(slope < 0)) {
      inverse.setIdentity();
      direction = -gradient;
      slope = -gradient.squaredNorm();
    }
    double length = std::min(1.0, 3 / std::max(direction.cwiseAbs().maxCoeff(), 1e-300));
    double next_value = objective(x + length * direction, next_gradient);
    for (int halving = 0; halving < 30 && !(next_value <= value + 1e-4 * length * slope); ++halving) {
      length /= 2;
      next_value = objective(x + length * direction, next_gradient);
    }
    if (!(next_value < value)) break;
    const Eigen::VectorXd moved = length * direction;
    const Eigen::VectorXd change = next_gradient - gradient;
    const double curvature = moved.dot(change);
    if (curvature > 1e-12) {
      if (step == 0) inverse *= curvature / change.squaredNorm();
      const Eigen::VectorXd product = inverse * change;
      inverse += (1 + change.dot(product) / curvature) / curvature * moved * moved.transpose() -
                 (product * moved.transpose() + moved * product.transpose()) / curvature;
    }
    const double gain = value - next_value;
    x += moved;
    value = next_value;
    gradient = next_gradient;
    if (gain < relative_gain * (1 + std::abs(value))) break;
  }
  return x;
}

}  // namespace oneproxy
