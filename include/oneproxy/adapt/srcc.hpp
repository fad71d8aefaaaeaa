#pragma once

#include <Eigen/Core>

#include "oneproxy/base/srcc.hpp"

namespace oneproxy {

/// SRCC of every pair of columns of a table (row = architecture, column = device): symmetric, 1 on the diagonal
/// (NaN for a constant column). NaN entries of `values` are missing: a pair is compared on the rows that both have.
Eigen::MatrixXd srcc_matrix(const Eigen::MatrixXd& values);

}  // namespace oneproxy
