#pragma once

#include <Eigen/Core>

#include "oneproxy/adapt/few_shot_prior.hpp"

namespace oneproxy {

/// Weights of a ridge regression with a free constant for each column of `y`; its strength has the smallest
/// leave-one-out error. Preconditions: equal numbers of rows, at least 3; `x` standardised, everything finite.
Eigen::MatrixXd ridge_weights(const Eigen::MatrixXd& x, const Eigen::MatrixXd& y);

ColumnScale column_scale(const Eigen::MatrixXd& x);
/// The columns of `x` with mean 0 and variance 1; constant ones are left out.
Eigen::MatrixXd standardised(const Eigen::MatrixXd& x);

}  // namespace oneproxy
