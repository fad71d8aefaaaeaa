#include "oneproxy/adapt/srcc.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "oneproxy/base/parallel.hpp"
#include "rank_products.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

double srcc_of_present(const Eigen::MatrixXd& a, std::size_t column_a, const Eigen::MatrixXd& b, std::size_t column_b) {
  const auto values_a = a.col(static_cast<Index>(column_a));
  const auto values_b = b.col(static_cast<Index>(column_b));
  std::vector<double> present_a;
  std::vector<double> present_b;
  for (Index i = 0; i < values_a.size(); ++i) {
    if (std::isnan(values_a[i]) || std::isnan(values_b[i])) continue;
    present_a.push_back(values_a[i]);
    present_b.push_back(values_b[i]);
  }
  return srcc(present_a, present_b);
}

/// Tile by tile, since a symmetric result is written along rows and columns.
Eigen::MatrixXd correlations(const Eigen::MatrixXd& a, const RankPanels& panels_a, const Eigen::MatrixXd& b,
                             const RankPanels& panels_b, int threads) {
  constexpr std::size_t width = RankPanels::width;
  const bool symmetric = &panels_a == &panels_b;
  const RankProducts products = rank_products(panels_a, panels_b, threads);
  Eigen::MatrixXd result(a.cols(), b.cols());
  parallel_for(panels_a.panel_count(), threads, [&](std::size_t panel) {
    const std::size_t a_end = std::min((panel + 1) * width, panels_a.column_count());
    for (std::size_t j_begin = symmetric ? panel * width : 0; j_begin < panels_b.column_count(); j_begin += width) {
      const std::size_t j_end = std::min(j_begin + width, panels_b.column_count());
      for (std::size_t i = panel * width; i < a_end; ++i) {
        for (std::size_t j = symmetric ? std::max(i, j_begin) : j_begin; j < j_end; ++j) {
          double r = products.at(j, i) / std::sqrt(panels_a.square(i) * panels_b.square(j));  // 0/0 where constant
          if (panels_a.has_nan(i) || panels_b.has_nan(j)) r = srcc_of_present(a, i, b, j);
          if (!std::isnan(r)) r = std::clamp(r, -1.0, 1.0);
          result(static_cast<Index>(i), static_cast<Index>(j)) = r;
          if (symmetric) result(static_cast<Index>(j), static_cast<Index>(i)) = r;
        }
      }
    }
  });
  return result;
}

}  // namespace

Eigen::MatrixXd srcc_matrix(const Eigen::MatrixXd& values, int threads) {
  const RankPanels panels(values, threads);
  return correlations(values, panels, values, panels, threads);
}

Eigen::MatrixXd srcc_between(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, int threads) {
  assert(a.rows() == b.rows());
  return correlations(a, RankPanels(a, threads), b, RankPanels(b, threads), threads);
}

}  // namespace oneproxy
