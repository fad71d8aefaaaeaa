#pragma once

// Eqn. (3) solved by other means than the library's, for comparison: accelerated proximal gradient steps (FISTA, Beck
// and Teboulle 2009, with restarts) on alpha, b and the intercept together, until nothing moves. Slow.

#include <Eigen/Core>
#include <cmath>

#include "oneproxy/adapt/lambda_path.hpp"

namespace oneproxy {

inline LambdaSolution reference_solution(const Eigen::MatrixXd& x, const Eigen::VectorXd& w, const Eigen::VectorXd& y,
                                         AdaptationNorm norm, bool intercept, double lambda) {
  const Eigen::Index features = x.cols();
  const double count = static_cast<double>(y.size());
  // Unknowns: b, alpha, and the intercept's column (zero where there is none).
  Eigen::MatrixXd a(x.rows(), features + 2);
  a.leftCols(features) = x * w.asDiagonal();
  a.col(features) = a.leftCols(features).rowwise().sum();
  a.col(features + 1).setConstant(intercept ? 1 : 0);
  const Eigen::MatrixXd gram = 2 / count * (a.transpose() * a);
  const Eigen::VectorXd right = 2 / count * (a.transpose() * y);
  Eigen::VectorXd direction = Eigen::VectorXd::Ones(features + 2);
  for (int i = 0; i < 1000; ++i) direction = (gram * direction).normalized();
  const double step = 0.999 / (gram * direction).norm();

  const auto proximal = [&](Eigen::VectorXd v) {
    auto b = v.head(features);
    if (norm == AdaptationNorm::l1) {
      b = b.array().sign() * (b.array().abs() - step * lambda).max(0.0);
    } else {
      b *= b.norm() > step * lambda ? 1 - step * lambda / b.norm() : 0;
    }
    return v;
  };
  Eigen::VectorXd current = Eigen::VectorXd::Zero(features + 2);
  Eigen::VectorXd ahead = current;
  double momentum = 1;
  for (int i = 0; i < 2'000'000; ++i) {
    const Eigen::VectorXd next = proximal(ahead - step * (gram * ahead - right));
    const double moved = (next - ahead).cwiseAbs().maxCoeff();
    if ((ahead - next).dot(next - current) > 0) momentum = 1;  // it overshoots: start anew from here
    const double next_momentum = (1 + std::sqrt(1 + 4 * momentum * momentum)) / 2;
    ahead = next + (momentum - 1) / next_momentum * (next - current);
    momentum = next_momentum;
    current = next;
    if (moved < 1e-13) break;
  }
  return {lambda, current(features), current(features + 1), current.head(features)};
}

}  // namespace oneproxy
