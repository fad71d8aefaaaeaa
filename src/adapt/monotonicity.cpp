#include "oneproxy/adapt/monotonicity.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "oneproxy/base/srcc.hpp"

namespace oneproxy {

double normal_quantile(double p) {
  assert(p > 0 && p < 1);
  if (p > 0.5) return -normal_quantile(1 - p);
  // Start: Abramowitz and Stegun 26.2.23 (error < 4.5e-4); then Halley's method, which triples the digits each time.
  const double t = std::sqrt(-2 * std::log(p));
  double x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (int i = 0; i < 3; ++i) {
    const double error = 0.5 * std::erfc(-x / std::numbers::sqrt2) - p;
    const double step = error * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
    x -= step / (1 + x * step / 2);
  }
  return x;
}

SrccEstimate srcc_interval(double r, std::size_t sample_count, double confidence) {
  assert(confidence > 0 && confidence < 1);
  SrccEstimate result{.srcc = r, .sample_count = sample_count, .confidence = confidence};
  if (sample_count < 4 || std::isnan(r)) return result;
  const double n = static_cast<double>(sample_count);
  const double half_swap = 6 / (n * (n * n - 1));
  const double inner = std::clamp(r, -1 + half_swap, 1 - half_swap);
  const double half_width = normal_quantile((1 + confidence) / 2) * std::sqrt((1 + inner * inner / 2) / (n - 3));
  result.low = std::tanh(std::atanh(inner) - half_width);
  result.high = std::tanh(std::atanh(inner) + half_width);
  if (r >= 1) result.high = 1;
  if (r <= -1) result.low = -1;
  return result;
}

SrccEstimate estimate_srcc(std::span<const double> a, std::span<const double> b, double confidence) {
  return srcc_interval(srcc(a, b), a.size(), confidence);
}

MonotonicityDecision decide_monotonicity(const SrccEstimate& estimate, DecisionRule rule, double threshold) {
  if (std::isnan(estimate.srcc)) {
    return {Monotonicity::unknown,
            "the samples all have one latency on the proxy or on the target, which ranks nothing"};
  }
  char text[256];
  if (rule == DecisionRule::paper) {
    const bool reached = estimate.srcc >= threshold;
    std::snprintf(text, sizeof text, "SRCC %.4f of %zu samples is %s the threshold %g (plain rule)", estimate.srcc,
                  estimate.sample_count, reached ? "at or above" : "below", threshold);
    return {reached ? Monotonicity::monotone : Monotonicity::not_monotone, text};
  }
  const char* place = "contains";
  Monotonicity answer = Monotonicity::unknown;
  if (estimate.low >= threshold) {
    place = "is above";
    answer = Monotonicity::monotone;
  } else if (estimate.high < threshold) {
    place = "is below";
    answer = Monotonicity::not_monotone;
  }
  std::snprintf(text, sizeof text, "SRCC %.4f of %zu samples: its %g%% interval, %.4f to %.4f, %s the threshold %g",
                estimate.srcc, estimate.sample_count, 100 * estimate.confidence, estimate.low, estimate.high, place,
                threshold);
  return {answer, text};
}

std::string to_string(Monotonicity answer) {
  switch (answer) {
    case Monotonicity::monotone:
      return "monotone";
    case Monotonicity::not_monotone:
      return "not monotone";
    case Monotonicity::unknown:
      break;
  }
  return "unknown";
}

}  // namespace oneproxy
