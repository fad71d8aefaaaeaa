#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

#include "oneproxy/adapt/posterior.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {

/// Devices that may be the true one, each a draw of the posterior, and what predictions of latency are worth on them to
/// find the front of latency and accuracy. Front members are kept, all others forgotten.
struct FrontDraws {
  static constexpr Eigen::Index count = 64;

  std::vector<std::size_t> rows;  ///< of the prior: on the front of the predictions or of a draw; accuracy descends
  Eigen::VectorXf on_fronts;      ///< share of the draws on whose front each is
  Eigen::MatrixXf weights;        ///< the draws: features x count
  Eigen::MatrixXd measured;       ///< rows x count: what each draw measures, on the posterior's standardised scale

  /// `accuracy`: one for each architecture of the prior, finite.
  FrontDraws(const FewShotPosterior& posterior, const FewShotPrior& prior, std::span<const double> accuracy, Rng& rng);

  /// Of its own front's hypervolume, the share that those networks have on draw `d` which are Pareto-optimal by
  /// `predicted` (one for each of `rows`, on any rising scale).
  double share(Eigen::Index d, const Eigen::VectorXd& predicted) const;

 private:
  Eigen::MatrixXd latency_ms_;  // as `measured`
  Eigen::VectorXd drop_;        // what each is more accurate than the next, the last: than the reference point
  Eigen::VectorXd own_;         // hypervolume of each draw's front
  double reference_ms_ = 0;
};

}  // namespace oneproxy
