#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "oneproxy/pipeline/run.hpp"

namespace oneproxy {

/// Shares of a run's minutes at which its steps end; fits and searches take part of the time between them.
constexpr double samples_end = 0.6;
constexpr double repeats_end = 0.65;
constexpr double front_end = 0.9;
constexpr double limits_end = 1.0;

/// A run's measurements: those that are in the store are not made again, and none begins after the run's minutes.
class TimedMeasuring {
 public:
  /// Everything referred to must outlive it. The run's minutes begin now.
  TimedMeasuring(Device& target, const SearchSpace& space, const RunOptions& options, Store& store, std::int64_t run,
                 const ProgressCallback& progress);

  std::vector<Measurement> all(std::span<const Architecture> xs, const char* role, const char* doing);
  /// Of the first of `xs`, as many as the time until `share` of it allows, but of at least `least`.
  std::vector<Measurement> until(double share, std::size_t least, std::span<const Architecture> xs, const char* role,
                                 const char* doing);
  bool is_limited() const { return options_.minutes > 0; }
  bool is_spent(double share) const { return is_limited() && left_s(share) <= 0; }

 private:
  double left_s(double share) const;

  Device& target_;
  const SearchSpace& space_;
  const RunOptions& options_;
  Store& store_;
  std::int64_t run_;
  const ProgressCallback& progress_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace oneproxy
