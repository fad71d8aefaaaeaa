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

/// Times a block of networks in rounds. Every round visits each unfinished network once, in a fresh random order, for
/// a burst of 10 timed runs after Protocol::warmup_runs that are not counted (the networks before took the caches).
/// A network is finished when Protocol's rule says so, at the end of a burst; the budget also ends a burst.
struct BlockTimer {
  /// Runs this network once and returns how long it took, in ms.
  std::function<double(std::size_t network)> run_ms;
  /// The network is finished: its timed runs in order, and the rule that ended it.
  std::function<void(std::size_t network, std::vector<float> raw_ms, std::string_view stopped_by)> finished;
  /// Called before each burst (may be empty).
  std::function<void(std::size_t network)> before_burst;

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
