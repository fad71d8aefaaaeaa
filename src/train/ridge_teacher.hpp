#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// Regularised least squares on the encoding and, beside it, on the options of every decision, so that what an option
/// does in all its combinations is learnt once. The penalty minimises the leave-one-out error.
class RidgeTeacher {
 public:
  /// Preconditions: at least two architectures, one value for each.
  RidgeTeacher(const SearchSpace& space, std::span<const Architecture> xs, std::span<const double> values);
  std::vector<double> predict(std::span<const Architecture> xs) const;

 private:
  Eigen::MatrixXd features(std::span<const Architecture> xs) const;

  const SearchSpace& space_;
  Eigen::RowVectorXd centre_;
  Eigen::VectorXd weights_;
  double mean_ = 0;
};

}  // namespace oneproxy
