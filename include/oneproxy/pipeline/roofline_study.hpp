#pragma once

#include <span>
#include <vector>

#include "oneproxy/measure/device.hpp"
#include "oneproxy/measure/layer_profile.hpp"
#include "oneproxy/measure/protocol.hpp"

namespace oneproxy {

/// A network under a device's roof (Williams, Waterman and Patterson, "Roofline", CACM 2009; the paper's Figs. 8, 9).
struct RoofedNetwork {
  Architecture architecture;
  double intensity = 0;  ///< FLOPs per byte moved; one multiply-accumulate is two FLOPs
  double latency_ms = 0;
  double attained_gflops = 0;
  double roof_gflops = 0;  ///< the most that the roof allows at this intensity, with data in memory
};

struct RooflineStudy {
  Roof roof;
  std::vector<RoofedNetwork> networks;  ///< in the order of the architectures

  /// The intensity (FLOPs per byte) from which on computing limits and not moving data; in memory, or in the cache.
  double ridge() const { return roof.gflops / roof.memory_gbytes_per_s; }
  double cache_ridge() const { return roof.cache_gbytes_per_s > 0 ? roof.gflops / roof.cache_gbytes_per_s : ridge(); }
  std::size_t memory_bound_count() const;
  std::size_t cache_bound_count() const;  ///< memory-bound even with all data in the cache
};

/// Measures the architectures on `device` and finds its roof (roof_of()).
/// @throws InputError where the roof is not known: neither an engine nor roofline(...).
RooflineStudy study_roofline(Device& device, const SearchSpace& space, std::span<const Architecture> xs,
                             const Protocol& protocol, const ProgressCallback& progress);

}  // namespace oneproxy
