#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "oneproxy/base/simd.hpp"

namespace oneproxy {

/// Doubles at addresses that the widest vectors load whole. Not initialised.
using AlignedDoubles = std::unique_ptr<double[], void (*)(double*)>;
AlignedDoubles aligned_doubles(std::size_t count);

/// The ranks of every column of a table less their mean, times two: whole numbers. They lie in the order in which
/// rank_products() reads them: blocks of rows, in those panels of columns, in those the rows. Immutable.
class RankPanels {
 public:
  static constexpr std::size_t width = 24;       ///< columns of a panel
  static constexpr std::size_t max_depth = 192;  ///< rows of a block, so that a panel stays in the first cache

  /// Columns with a NaN count as constant.
  RankPanels(const Eigen::MatrixXd& values, int threads);

  std::size_t column_count() const { return squares_.size(); }
  std::size_t panel_count() const { return (column_count() + width - 1) / width; }
  std::size_t block_count() const { return (row_count_ + depth_ - 1) / depth_; }
  std::size_t rows_in(std::size_t block) const { return std::min(depth_, row_count_ - block * depth_); }
  const double* panel(std::size_t block, std::size_t panel) const {
    return data_.get() + (block * panel_count() + panel) * depth_ * width;
  }
  bool has_nan(std::size_t column) const { return has_nan_[column] != 0; }
  /// Sum of the squares of a column.
  double square(std::size_t column) const { return squares_[column]; }

 private:
  void fill(const Eigen::MatrixXd& values, std::size_t panel);

  std::size_t row_count_;
  std::size_t depth_;
  std::vector<char> has_nan_;
  std::vector<double> squares_;
  AlignedDoubles data_;
};

/// Sums over the rows of the products of each column of `a` with each of `b`, as a matrix whose columns are those of
/// `a`, both rounded up to whole panels. Where &a == &b only its lower triangle (row >= column) is set.
/// Sums of fewer than 300,000 rows are exact, as all their terms are whole numbers below 2^53 together: the result is
/// the same bits whatever the number of threads and the instructions. Precondition: equal numbers of rows.
struct RankProducts {
  AlignedDoubles values;
  std::size_t stride = 0;  ///< from one column to the next
  double at(std::size_t row, std::size_t column) const { return values[column * stride + row]; }
};
RankProducts rank_products(const RankPanels& a, const RankPanels& b, int threads, Simd simd = best_simd());

}  // namespace oneproxy
