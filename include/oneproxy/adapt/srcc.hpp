#pragma once

#include <Eigen/Core>

#include "oneproxy/base/srcc.hpp"

namespace oneproxy {

// Tables have a row for each architecture and a column for each device. NaN entries are missing: a pair of columns is
// compared on the rows that both have. Results do not depend on `threads`; up to 300,000 rows nothing is rounded but
// the last division. Missing entries cost time: their columns are ranked anew for every pair.

/// SRCC of every pair of columns: symmetric, 1 on the diagonal; NaN for a constant column.
Eigen::MatrixXd srcc_matrix(const Eigen::MatrixXd& values, int threads = 1);

/// SRCC of each column of `a` (row of the result) with each of `b` (column). Precondition: equal numbers of rows.
Eigen::MatrixXd srcc_between(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, int threads = 1);

}  // namespace oneproxy
