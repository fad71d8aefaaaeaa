#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

namespace oneproxy {

/// One more proxy of a cover.
struct CoverStep {
  std::size_t proxy = 0;    ///< device (row and column of the matrix)
  std::size_t gained = 0;   ///< devices that it covers and none before it does
  std::size_t covered = 0;  ///< devices covered by it and all before it
  bool operator==(const CoverStep&) const = default;
};

/// The fewest proxies that cover all devices, chosen greedily: each time the one that covers the most devices not yet
/// covered, then the one with the highest sum of SRCCs with those, then the first. A proxy covers itself and what has
/// an SRCC of at least `threshold` with it. `srcc`: devices x devices, symmetric; NaN covers nothing.
/// Greedy is within a factor 1 + ln(devices) of the fewest (Chvatal 1979, doi:10.1287/moor.4.3.233).
std::vector<CoverStep> cover_with_proxies(const Eigen::MatrixXd& srcc, double threshold);

}  // namespace oneproxy
