#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

namespace oneproxy {

/// One known device in the role of the target.
struct PseudoTarget {
  Eigen::MatrixXd proxies;   ///< rows x other known devices (may have no columns), scaled to a kernel of about 1
  Eigen::MatrixXd features;  ///< rows x cost features and encoding, standardised
  Eigen::VectorXd latency;   ///< mean 0, variance 1
};

/// Logarithms of prior variances.
struct FleetVariances {
  double proxies = 0;
  Eigen::VectorXd features;  ///< of each feature's weight
  double encoding = 0;       ///< of the encoding's kernel besides
  double noise = 0;          ///< median over the devices
};

/// Prior variances that maximise the marginal likelihood of all pseudo-targets together (each with noise of its own)
/// times a broad prior of theirs. The last `encoding_count` features are the encoding.
FleetVariances fit_fleet(const std::vector<PseudoTarget>& targets, Eigen::Index encoding_count, std::size_t steps);

}  // namespace oneproxy
