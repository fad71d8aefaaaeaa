#include "oneproxy/adapt/lambda_path.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "path_solvers.hpp"

namespace oneproxy {
namespace {

// What is left of a vector after projection counts as rounding error below this share of it.
constexpr double negligible = 1e-12;

}  // namespace

AdaptationProblem::AdaptationProblem(const Eigen::MatrixXd& x, const Eigen::VectorXd& w, const Eigen::VectorXd& y,
                                     AdaptationNorm norm, bool intercept)
    : norm_(norm), z_(x * w.asDiagonal()), y_(y), basis_(x.rows(), 0), proxy_(z_.rowwise().sum()) {
  assert(x.cols() == w.size() && x.rows() == y.size() && x.rows() > 0);
  assert(x.allFinite() && w.allFinite() && y.allFinite());
  // The proxy comes first: where it is constant, alpha is kept and the intercept is 0.
  if (proxy_.norm() > negligible * z_.norm()) {
    basis_.conservativeResize(Eigen::NoChange, 1);
    basis_.col(0) = proxy_.normalized();
  }
  if (intercept) {
    Eigen::VectorXd constant = Eigen::VectorXd::Ones(x.rows());
    const double norm_before = constant.norm();
    for (int pass = 0; pass < 2; ++pass) constant -= basis_ * (basis_.transpose() * constant);
    if (constant.norm() > 1e-9 * norm_before) {
      basis_.conservativeResize(Eigen::NoChange, basis_.cols() + 1);
      basis_.rightCols(1) = constant.normalized();
    }
  }
  // alpha and the intercept are free, so they take whatever of the residual lies in their span; b sees the rest.
  projected_z_ = z_ - basis_ * (basis_.transpose() * z_);
  projected_y_ = y_ - basis_ * (basis_.transpose() * y_);
  for (Eigen::Index j = 0; j < z_.cols(); ++j) {
    if (projected_z_.col(j).norm() <= negligible * z_.col(j).norm()) projected_z_.col(j).setZero();
  }
  if (projected_y_.norm() <= negligible * y_.norm()) projected_y_.setZero();
  const Eigen::VectorXd gradient = 2 / static_cast<double>(y.size()) * (projected_z_.transpose() * projected_y_);
  if (gradient.size() > 0) {
    lambda_max_ = norm == AdaptationNorm::l1 ? gradient.cwiseAbs().maxCoeff() : gradient.norm();
  }
}

std::vector<LambdaSolution> AdaptationProblem::solve(std::span<const double> lambdas) const {
  assert(std::is_sorted(lambdas.rbegin(), lambdas.rend()));
  const auto solver = norm_ == AdaptationNorm::l1 ? solve_l1_path : solve_l2_path;
  const Eigen::MatrixXd b = solver(projected_z_, projected_y_, lambdas, lambda_max_);

  const bool has_proxy = proxy_.norm() > negligible * z_.norm();
  const bool has_intercept = basis_.cols() > (has_proxy ? 1 : 0);
  const double count = static_cast<double>(y_.size());
  const double proxy_mean = proxy_.mean();
  // alpha and the intercept see of y - z b only its products with the proxy and with ones.
  const Eigen::VectorXd direction = has_intercept ? Eigen::VectorXd(proxy_.array() - proxy_mean) : proxy_;
  const Eigen::VectorXd along_proxy =
      (direction.dot(y_) - (b.transpose() * (z_.transpose() * direction)).array()) / direction.squaredNorm();
  const Eigen::VectorXd rest_mean = (y_.sum() - (b.transpose() * z_.colwise().sum().transpose()).array()) / count;
  std::vector<LambdaSolution> result(lambdas.size());
  for (std::size_t l = 0; l < lambdas.size(); ++l) {
    const auto column = static_cast<Eigen::Index>(l);
    LambdaSolution& solution = result[l];
    solution.lambda = lambdas[l];
    solution.b = b.col(column);
    if (has_proxy) solution.alpha = along_proxy(column);
    if (has_intercept) solution.intercept = rest_mean(column) - solution.alpha * proxy_mean;
  }
  return result;
}

std::vector<double> geometric_lambdas(double largest, std::size_t count, double smallest_share) {
  assert(largest > 0 && smallest_share > 0 && smallest_share < 1);
  std::vector<double> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double share = count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0;
    result[i] = largest * std::pow(smallest_share, share);
  }
  return result;
}

}  // namespace oneproxy
