#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/measure/device.hpp"
#include "oneproxy/measure/latency_model.hpp"

namespace oneproxy {

/// Where the time of some networks goes on a device.
struct LayerProfile {
  std::string origin;                               ///< how it is known, a few words; "" where it is not
  std::vector<std::vector<LayerLatency>> networks;  ///< one for each architecture, in order; empty where not known
  std::string why_not;                              ///< where it is not known: why, a sentence
};

/// Asks a device on paper, or lets an engine time its layers one by one in this process (`runs` runs of each network,
/// 3 before them not counted, not pinned to a processor). Sums stay below or above the latency of whole networks: an
/// engine's own work between layers is not counted, a timer's is. Call it after `device` measured the architectures.
LayerProfile profile_layers(const Device& device, const SearchSpace& space, std::span<const Architecture> xs, int runs,
                            std::uint64_t seed);

/// What a device can reach at most.
struct Roof {
  double gflops = 0;
  double memory_gbytes_per_s = 0;
  double cache_gbytes_per_s = 0;  ///< of data that stays in a core's cache; 0 = the same as memory
  std::string origin;             ///< how it is known, a few words
};

/// Of roofline(...) its settings. Of an engine what this machine reaches now on as many threads: oneDNN's product of
/// two 384 x 384 matrices, and copying 64 MB and 128 KB; the best of several. Nothing for other devices.
std::optional<Roof> roof_of(const Device& device);

}  // namespace oneproxy
