#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace oneproxy {

/// What a choice of networks by predicted latency is worth on the device itself: the candidates' measured latencies and
/// accuracies. The reference point of hypervolumes is the slowest latency and the lowest accuracy of all candidates.
/// Immutable; safe from any thread.
class FrontValue {
 public:
  /// Preconditions: equal lengths, not empty, no NaN.
  FrontValue(std::vector<double> latency_ms, std::vector<double> accuracy);

  /// Candidates that are Pareto-optimal by these predicted latencies, in their order.
  std::vector<std::size_t> chosen(std::span<const double> predicted_ms) const;
  /// Of these candidates those that are Pareto-optimal as measured (section 5.5), by ascending latency.
  std::vector<std::size_t> kept(std::span<const std::size_t> candidates) const;
  /// Hypervolume, as measured, of the candidates that are Pareto-optimal by these predicted latencies.
  double hypervolume_of(std::span<const double> predicted_ms) const;
  /// That of the true front: no choice has more.
  double best_hypervolume() const { return hypervolume_of(latency_ms_); }

  std::span<const double> latency_ms() const { return latency_ms_; }
  std::span<const double> accuracy() const { return accuracy_; }

 private:
  std::vector<double> latency_ms_;
  std::vector<double> accuracy_;
  double latency_limit_ms_ = 0;
  double accuracy_floor_ = 0;
};

}  // namespace oneproxy
