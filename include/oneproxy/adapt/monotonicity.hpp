#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace oneproxy {

/// Quantile of the standard normal distribution, to 1e-14. Precondition: 0 < p < 1.
double normal_quantile(double p);

/// The SRCC of proxy and target over all architectures, as estimated from a sample.
struct SrccEstimate {
  double srcc = 0;  ///< of the sample; NaN where either side is constant
  double low = -1;
  double high = 1;
  std::size_t sample_count = 0;
  double confidence = 0.95;
};

/// Interval of a sample SRCC: Fisher's z with variance (1 + r^2 / 2) / (n - 3), Bonett and Wright (2000),
/// doi:10.1007/BF02294183. Below 4 samples or for r = NaN nothing is known: [-1, 1]. A perfect r = +-1 is taken as half
/// a swap of two neighbours away from it, so that a few samples in perfect order do not claim certainty.
SrccEstimate srcc_interval(double r, std::size_t sample_count, double confidence = 0.95);

/// srcc() of the two samples with its interval. Precondition: equal lengths.
SrccEstimate estimate_srcc(std::span<const double> a, std::span<const double> b, double confidence = 0.95);

enum class Monotonicity { monotone, not_monotone, unknown };

/// How an estimate is compared with the threshold S_th.
enum class DecisionRule {
  interval,  ///< monotone / not monotone only where the whole interval is above / below; else unknown
  paper,     ///< monotone where the estimate itself reaches the threshold, else not monotone
};

struct MonotonicityDecision {
  Monotonicity answer = Monotonicity::unknown;
  std::string why;  ///< one sentence for people
};

/// Whether the proxy ranks networks as the target does. "Unknown" asks for more samples, or for adapting.
MonotonicityDecision decide_monotonicity(const SrccEstimate& estimate, DecisionRule rule = DecisionRule::interval,
                                         double threshold = 0.9);

/// "monotone", "not monotone", "unknown".
std::string to_string(Monotonicity answer);

}  // namespace oneproxy
