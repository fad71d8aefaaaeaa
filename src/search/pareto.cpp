#include "oneproxy/search/pareto.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace oneproxy {
namespace {

/// Indices of points that may be on the front. Latencies are divided into bins; a point goes where a bin before its
/// own holds an accuracy as high. What is left of n random points is few, so that sorting them costs little.
template <class T>
std::vector<std::size_t> prefilter(std::span<const T> latency, std::span<const T> accuracy) {
  std::vector<std::size_t> left(latency.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  constexpr std::size_t bin_count = 1024;
  if (left.size() < 2 * bin_count) return left;
  const auto [low, high] = std::ranges::minmax(latency);
  const T scale = static_cast<T>(bin_count) / (high - low);
  if (!std::isfinite(scale)) return left;
  const auto bin = [&](std::size_t i) {  // rises with latency also after rounding
    return std::min(bin_count - 1, static_cast<std::size_t>((latency[i] - low) * scale));
  };
  std::vector<T> best_before(bin_count + 1, -std::numeric_limits<T>::infinity());
  for (std::size_t i = 0; i < latency.size(); ++i) {
    T& best = best_before[bin(i) + 1];
    best = std::max(best, accuracy[i]);
  }
  std::partial_sum(best_before.begin(), best_before.end(), best_before.begin(),
                   [](T a, T b) { return std::max(a, b); });
  std::erase_if(left, [&](std::size_t i) { return best_before[bin(i)] >= accuracy[i]; });
  return left;
}

template <class T>
std::vector<std::size_t> thin_front(std::span<const T> latency, std::span<const T> accuracy, T tolerance) {
  assert(latency.size() == accuracy.size());
  std::vector<std::size_t> order = prefilter(latency, accuracy);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    if (latency[a] != latency[b]) return latency[a] < latency[b];
    if (accuracy[a] != accuracy[b]) return accuracy[a] > accuracy[b];
    return a < b;
  });
  std::size_t kept = 0;
  for (const std::size_t i : order) {
    if (kept == 0 || accuracy[i] > accuracy[order[kept - 1]] + tolerance) order[kept++] = i;
  }
  order.resize(kept);
  return order;
}

template <class T>
double area(std::span<const T> latency, std::span<const T> accuracy, double reference_latency,
            double reference_accuracy) {
  double sum = 0;
  double step_from = reference_accuracy;
  for (const std::size_t i : pareto_front(latency, accuracy)) {
    const double width = reference_latency - static_cast<double>(latency[i]);
    const double height = static_cast<double>(accuracy[i]) - step_from;
    if (width <= 0 || height <= 0) continue;
    sum += width * height;
    step_from = static_cast<double>(accuracy[i]);
  }
  return sum;
}

}  // namespace

std::vector<std::size_t> pareto_front(std::span<const float> latency, std::span<const float> accuracy) {
  return thin_front(latency, accuracy, 0.0F);
}
std::vector<std::size_t> pareto_front(std::span<const double> latency, std::span<const double> accuracy) {
  return thin_front(latency, accuracy, 0.0);
}

double hypervolume(std::span<const float> latency, std::span<const float> accuracy, double reference_latency,
                   double reference_accuracy) {
  return area(latency, accuracy, reference_latency, reference_accuracy);
}
double hypervolume(std::span<const double> latency, std::span<const double> accuracy, double reference_latency,
                   double reference_accuracy) {
  return area(latency, accuracy, reference_latency, reference_accuracy);
}

std::vector<std::size_t> remove_dominated(std::span<const double> latency, std::span<const double> accuracy,
                                          double accuracy_tolerance) {
  assert(accuracy_tolerance >= 0);
  return thin_front(latency, accuracy, accuracy_tolerance);
}

}  // namespace oneproxy
