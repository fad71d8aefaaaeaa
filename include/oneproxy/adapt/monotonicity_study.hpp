#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "oneproxy/adapt/sampling.hpp"

namespace oneproxy {

struct MonotonicityStudyOptions {
  std::vector<std::size_t> sample_counts{10, 30, 50};
  std::size_t repeats = 200;  ///< samplings of each proxy
  double threshold = 0.9;
  double pair_low = 0.6;  ///< "below": pairs whose true SRCC is in [pair_low, threshold)
  std::uint64_t seed = 1;
};

/// How the two decision rules fare, as shares of all samplings of all pairs.
struct DecisionShares {
  double plain_accepts = 0;     ///< the plain rule says monotone
  double interval_accepts = 0;  ///< the interval rule says monotone
  double interval_unknown = 0;
};

struct MonotonicityStudyRow {
  std::size_t sample_count = 0;
  Sampling sampling = Sampling::random;
  DecisionShares below;  ///< pairs that are not monotone: accepting them is wrong
  DecisionShares above;  ///< pairs that are (true SRCC >= threshold): accepting them is right
  double coverage = 0;   ///< share of the 95% intervals that hold the true SRCC, pairs of `below`
  double rms_error = 0;  ///< of the SRCC estimate, pairs of `below`
};

/// What the decision on latency monotonicity is worth on a table of many devices (row = architecture, column = device,
/// every value present): each device as proxy and each other as target, samples drawn by the proxy's latency.
/// Two rows for each sample count: random and stratified. Precondition: no NaN, more rows than samples.
std::vector<MonotonicityStudyRow> study_monotonicity(const Eigen::MatrixXd& latency_ms,
                                                     const MonotonicityStudyOptions& options = {});

}  // namespace oneproxy
