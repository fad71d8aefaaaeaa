#pragma once

#include <span>
#include <string>
#include <vector>

#include "oneproxy/measure/protocol.hpp"

namespace oneproxy {

/// How well a device agrees with itself.
struct Repeatability {
  std::size_t networks = 0;
  double srcc = 0;                        ///< of both medians; NaN below 2 networks
  double median_relative_difference = 0;  ///< of a network's two medians
  bool operator==(const Repeatability&) const = default;
};
Repeatability repeatability(std::span<const RepeatedMeasurement> pairs);

/// From here on a campaign's ranks are taken for good; below, people are warned.
inline constexpr double good_repeatability = 0.98;

/// How long a device must be measured until it agrees with itself.
struct Calibration {
  struct Step {
    double budget_ms = 0;
    int min_runs = 0;
    Repeatability repeatability;
  };
  Protocol protocol;  ///< with the budget and runs of the last step
  std::vector<Step> steps;
  /// The last step's SRCC is good_repeatability or more.
  bool good = false;
};

/// Measures `pilot` twice; while the two disagree, doubles budget and runs and measures again, up to 16 times as long.
/// Where that does not help either, the last protocol is returned with good = false. Precondition: two networks or
/// more.
/// @throws what Device::measure throws.
Calibration calibrate(Device& device, const SearchSpace& space, std::span<const Architecture> pilot,
                      const Protocol& protocol, const ProgressCallback& progress);

/// By how much the reference network became slower (> 0) or faster from the first third of `measured` to the last, as a
/// share; 0 where fewer than 6 tell. Precondition: in the order of measuring.
double drift_trend(std::span<const Measurement> measured);

/// The place of each network from the fastest (1) on, for people: networks whose 95% intervals of the median overlap
/// with that of the first of a place share it, and the next place counts all before it (1, 1, 3).
std::vector<std::size_t> tied_places(std::span<const Measurement> measured);

}  // namespace oneproxy
