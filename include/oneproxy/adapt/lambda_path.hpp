#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

namespace oneproxy {

/// The norm of b in Eqn. (3); the 2-norm is not squared.
enum class AdaptationNorm { l1, l2 };

/// Minimiser of Eqn. (3) for one lambda.
struct LambdaSolution {
  double lambda = 0;
  double alpha = 0;
  double intercept = 0;  ///< in units of y; 0 where there is none
  Eigen::VectorXd b;
};

/// Eqn. (3) for given data: minimise over alpha and b (and the intercept c, where wanted)
///   (1/N) sum_i ( ((alpha 1 + b) o w)^T x_i + c - y_i )^2 + lambda ||b||.
/// Exact for every lambda > 0; docs/design/adaptation.md has the derivation. Immutable; safe from any thread.
class AdaptationProblem {
 public:
  /// `x`: samples x features, `w`: the proxy's weights, `y`: latencies on the target.
  /// Preconditions: sizes agree, everything finite.
  AdaptationProblem(const Eigen::MatrixXd& x, const Eigen::VectorXd& w, const Eigen::VectorXd& y, AdaptationNorm norm,
                    bool intercept);

  /// The smallest lambda for which b = 0; 0 where the scaled proxy fits exactly.
  double lambda_max() const { return lambda_max_; }
  /// The minimisers. Precondition: `lambdas` positive and descending; infinity is allowed and gives b = 0.
  std::vector<LambdaSolution> solve(std::span<const double> lambdas) const;

 private:
  AdaptationNorm norm_;
  Eigen::MatrixXd z_;  // x o w, sample by feature
  Eigen::VectorXd y_;
  Eigen::MatrixXd basis_;  // orthonormal: the scaled proxy, then what the intercept adds to it
  Eigen::MatrixXd projected_z_;
  Eigen::VectorXd projected_y_;
  Eigen::VectorXd proxy_;  // z_ * 1
  double lambda_max_ = 0;
};

/// `count` values from `largest` down to `largest * smallest_share`, in equal ratios. Precondition: largest > 0.
std::vector<double> geometric_lambdas(double largest, std::size_t count, double smallest_share);

}  // namespace oneproxy
