#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "oneproxy/base/rng.hpp"
#include "oneproxy/measure/device.hpp"

namespace oneproxy {

/// The order statistics that enclose the median of the population with at least 95% confidence, whatever its
/// distribution (binomial). Below 6 values there are none: {-infinity, infinity}. Precondition: `values` ascending.
std::pair<double, double> median_interval_95(std::span<const float> values);

/// The timed runs of one network, in order, and the rule that ended it.
struct TimedRuns {
  std::vector<float> raw_ms;
  std::string_view stopped_by;
  std::int64_t disturbed_runs = 0;  ///< among raw_ms
};

/// Times a block of networks in rounds. Every round visits each unfinished network once, in a fresh random order, for
/// a burst of 10 timed runs after Protocol::warmup_runs that are not counted (the networks before took the caches).
/// Before its first burst a network is warmed up in blocks of so many runs until the medians of two differ by at most
/// 5% (or a quarter of the budget is spent). A network is finished when Protocol's rule says so, at the end of a burst;
/// the budget also ends a burst. A disturbed run does not count and is made again, until such runs have taken half of
/// the budget; after that they count and are numbered.
struct BlockTimer {
  /// Runs this network once and returns how long it took, in ms.
  std::function<double(std::size_t network)> run_ms;
  std::function<void(std::size_t network, TimedRuns timed)> finished;
  /// Called before each burst (may be empty).
  std::function<void(std::size_t network)> before_burst;
  /// Whether another process interrupted the run that just ended (may be empty: none).
  std::function<bool()> was_disturbed;

  void operator()(std::size_t network_count, const Protocol& protocol, Rng& rng) const;
};

/// One architecture measured in two campaigns.
struct RepeatedMeasurement {
  Measurement first;
  Measurement again;
};

/// Measures `count` of `measured` again, drawn at random by protocol.seed (all where there are fewer), in an order of
/// its own. The SRCC of the pairs' latencies is the ceiling of any predictor's. `sink` gets each new measurement.
std::vector<RepeatedMeasurement> measure_again(Device& device, const SearchSpace& space,
                                               std::span<const Measurement> measured, std::size_t count,
                                               const Protocol& protocol, const MeasurementSink& sink,
                                               const ProgressCallback& progress);

}  // namespace oneproxy
