#pragma once

#include <Eigen/Core>

namespace oneproxy {

/// Weights of a ridge regression with a free constant for each column of `y`; its strength has the smallest
/// leave-one-out error. Preconditions: equal numbers of rows, at least 3; `x` standardised, everything finite.
Eigen::MatrixXd ridge_weights(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y);

/// The columns of `x` with mean 0 and variance 1; constant ones are left out.
Eigen::MatrixXd standardised(const Eigen::MatrixXd& x);

}  // namespace oneproxy
