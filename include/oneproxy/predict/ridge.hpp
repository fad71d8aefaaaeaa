#pragma once

#include <Eigen/Core>

namespace oneproxy {

/// y ~ x * weights + intercept.
struct RidgeFit {
  Eigen::VectorXd weights;
  double intercept = 0;
  double ridge = 0;  ///< strength of the penalty
};

/// Least squares with a penalty on the squared weights (the intercept is free), whose strength minimises the
/// leave-one-out error, which has a closed form. `x`: samples x features, of the scale of one-hot columns.
/// Preconditions: at least two samples, y.size() == x.rows(), everything finite.
RidgeFit fit_ridge(const Eigen::MatrixXd& x, const Eigen::VectorXd& y);

}  // namespace oneproxy
