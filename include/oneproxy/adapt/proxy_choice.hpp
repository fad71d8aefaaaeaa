#pragma once

#include <Eigen/Core>
#include <cstddef>

namespace oneproxy {

struct ProxyChoice {
  std::size_t proxy = 0;             ///< column of `predicted`
  Eigen::MatrixXd srcc;              ///< proxies x targets; NaN where a side is constant
  Eigen::VectorXd mean;              ///< of each proxy over the targets (a NaN counts as 0)
  Eigen::VectorXi monotone_targets;  ///< of each proxy: targets at or above the threshold
};

/// Section 5.3.1: which of the known proxies to use for the given targets, from a few samples measured on each.
/// `predicted`: samples x proxies, `measured`: samples x targets (same samples; NaN = not measured there).
/// The proxy that is monotone to the most targets wins, then the one with the highest mean SRCC, then the first;
/// for a single target that is the highest SRCC. Precondition: at least one proxy, target and sample.
ProxyChoice select_proxy(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& measured, double threshold = 0.9);

}  // namespace oneproxy
