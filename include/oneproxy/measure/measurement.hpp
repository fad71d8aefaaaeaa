#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "oneproxy/space/architecture.hpp"

namespace oneproxy {

/// Latency of one architecture on one device. All times in milliseconds for one image.
struct Measurement {
  Architecture architecture;
  double mean_ms = 0;  ///< the paper's latency
  double median_ms = 0;
  double p90_ms = 0;
  double stddev_ms = 0;
  std::int64_t runs = 0;
  /// Which rule ended it: "confidence" (median's 95% interval within the tolerance), "budget" (time), "replayed",
  /// "model" (computed).
  std::string stopped_by;
  std::string when;           ///< UTC, ISO 8601
  int core = -1;              ///< first processor it was pinned to; -1: pinning failed, or not run here
  std::vector<float> raw_ms;  ///< every timed run, in order
};

/// What was running where; collected once and kept with every campaign.
struct MachineFacts {
  std::string cpu;
  int cores = 0;
  double memory_gb = 0;
  std::string os;
  std::string isa;       ///< widest vector instructions, e.g. "avx512"
  std::string governor;  ///< "" where the system does not tell
  std::string engine;    ///< engine and version
};

/// Mean, median, p90 and standard deviation of `raw_ms`. Precondition: not empty.
void summarise(Measurement& measurement);

}  // namespace oneproxy
