#pragma once

#include <memory>
#include <string>

#include "oneproxy/search/evolution.hpp"
#include "own_devices.hpp"

namespace oneproxy {

/// Evolutionary searches in the space of the own devices, and what their fronts are worth on a device: hypervolume by
/// the device's own predictor and the accuracy predictor, against the slowest and the least accurate of the table's
/// networks. Safe from any thread.
class SearchStudy {
 public:
  SearchStudy(const OwnDevices& own, std::uint64_t seed) : own_(own), seed_(seed) {}

  /// The fronts of six searches (Eqns. (1) and (2)) with latency limits spread over the predictor's range.
  Front search(const Predictor& latency, EvolutionOptions options, std::uint64_t number = 0) const;
  /// `device` is the own predictor of the device that judges.
  double hypervolume_of(std::span<const Architecture> xs, const Predictor& device) const;
  double hypervolume_of(const Front& front, const Predictor& device) const;
  /// The front of these networks by `device`, for pictures.
  Front on_device(std::span<const Architecture> xs, const Predictor& device) const;

 private:
  const OwnDevices& own_;
  std::uint64_t seed_;
};

std::vector<Architecture> architectures_of(const Front& front);

}  // namespace oneproxy
