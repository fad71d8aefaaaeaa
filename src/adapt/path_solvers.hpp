#pragma once

#include <Eigen/Core>
#include <span>

namespace oneproxy {

/// Minimisers of (1/N) ||z b - y||^2 + lambda ||b|| for each of the positive, descending `lambdas`, as columns.
/// lambda_max: the smallest lambda with b = 0.
Eigen::MatrixXd solve_l2_path(const Eigen::MatrixXd& z, const Eigen::VectorXd& y, std::span<const double> lambdas,
                              double lambda_max);
Eigen::MatrixXd solve_l1_path(const Eigen::MatrixXd& z, const Eigen::VectorXd& y, std::span<const double> lambdas,
                              double lambda_max);

}  // namespace oneproxy
