#include "oneproxy/adapt/srcc.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace oneproxy {
namespace {

std::span<const double> column(const Eigen::MatrixXd& values, Eigen::Index i) {
  return {values.col(i).data(), static_cast<std::size_t>(values.rows())};
}

double srcc_of_present(std::span<const double> a, std::span<const double> b) {
  std::vector<double> present_a;
  std::vector<double> present_b;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    present_a.push_back(a[i]);
    present_b.push_back(b[i]);
  }
  return srcc(present_a, present_b);
}

}  // namespace

Eigen::MatrixXd srcc_matrix(const Eigen::MatrixXd& values) {
  const Eigen::Index devices = values.cols();
  // Complete columns are ranked once; their correlations are then one matrix product.
  std::vector<bool> complete(static_cast<std::size_t>(devices));
  Eigen::MatrixXd normalised = Eigen::MatrixXd::Zero(values.rows(), devices);
  for (Eigen::Index d = 0; d < devices; ++d) {
    complete[static_cast<std::size_t>(d)] = !values.col(d).hasNaN();
    if (!complete[static_cast<std::size_t>(d)]) continue;
    const std::vector<double> rank = ranks(column(values, d));
    normalised.col(d) = Eigen::Map<const Eigen::VectorXd>(rank.data(), values.rows()).array() -
                        static_cast<double>(values.rows() + 1) / 2;
    normalised.col(d) /= normalised.col(d).norm();  // NaN where constant, as the result must be
  }
  Eigen::MatrixXd result = normalised.transpose() * normalised;
  for (Eigen::Index i = 0; i < devices; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) {
      double r = result(i, j);
      if (!complete[static_cast<std::size_t>(i)] || !complete[static_cast<std::size_t>(j)]) {
        r = srcc_of_present(column(values, i), column(values, j));
      } else if (i == j && !std::isnan(r)) {
        r = 1;
      }
      result(i, j) = result(j, i) = std::isnan(r) ? r : std::min(1.0, std::max(-1.0, r));
    }
  }
  return result;
}

}  // namespace oneproxy
