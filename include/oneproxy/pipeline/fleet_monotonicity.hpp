#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

namespace oneproxy {

/// How the SRCCs of pairs of devices are distributed, as in Fig. 5 of the paper.
struct SrccDistribution {
  std::size_t pair_count = 0;     ///< pairs whose SRCC is defined
  std::vector<double> quantiles;  ///< 0%, 1%, ... 100%; empty where there is no pair
  double share_above = 0;         ///< of the pairs, at or above the threshold
  bool operator==(const SrccDistribution&) const = default;
};

/// What is told of a monotonicity matrix that is too large to be shown.
struct MonotonicitySummary {
  SrccDistribution all;
  SrccDistribution fast;  ///< among the third of the devices with the lowest mean latency, and so on
  SrccDistribution medium;
  SrccDistribution slow;
  /// The matrix in the order of the clusters, devices in blocks as equal as can be: mean SRCC of each pair of blocks
  /// (the diagonal of the matrix left out; NaN where nothing is left).
  Eigen::MatrixXd blocks;
  std::vector<std::size_t> block_sizes;
};

/// `srcc`: devices x devices; `mean_ms` and `cluster`: one for each device. At most `block_count` blocks.
MonotonicitySummary summarise_monotonicity(const Eigen::MatrixXd& srcc, std::span<const double> mean_ms,
                                           std::span<const std::size_t> cluster, double threshold,
                                           std::size_t block_count = 60);

}  // namespace oneproxy
