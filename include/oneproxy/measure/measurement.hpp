#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "oneproxy/space/architecture.hpp"

namespace oneproxy {

/// How busy and how fast the machine was at one moment, as far as the system tells.
struct SystemState {
  double load = -1;    ///< processes that want to run (average of the last minute); -1: not told
  double mhz = 0;      ///< of the processor that is measured on; 0: not told
  double celsius = 0;  ///< 0: not told
  bool operator==(const SystemState&) const = default;
};

/// Latency of one architecture on one device. All times in milliseconds for one image.
struct Measurement {
  Architecture architecture;
  double mean_ms = 0;  ///< the paper's latency
  double median_ms = 0;
  double p90_ms = 0;
  double stddev_ms = 0;
  std::int64_t runs = 0;
  /// Which rule ended it: "confidence" (median's 95% interval within the tolerance), "budget" (time), "replayed",
  /// "model" (computed), "command" (as many times as its setting says).
  std::string stopped_by;
  std::string when;    ///< UTC, ISO 8601
  int core = -1;       ///< first processor it was pinned to; -1: pinning failed, or not run here
  double cold_ms = 0;  ///< the first run after loading, not among the others; 0: not known
  /// Of `raw_ms`: another process interrupted them. Such runs are measured again while time allows, and kept after
  /// that.
  std::int64_t disturbed_runs = 0;
  double reference_ms = 0;  ///< median of the reference network around the same time; 0: none was run
  /// By how much everything had become slower since the device was first used (the reference network tells). The mean,
  /// median, p90 and standard deviation are divided by it, `raw_ms` is as measured.
  double drift = 1;
  SystemState before;
  SystemState after;
  std::vector<std::uint32_t> outliers;  ///< runs far from the others, ascending indices into `raw_ms`; they count
  std::vector<float> raw_ms;            ///< every timed run, in order
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

/// Mean, median, p90, standard deviation and outliers of `raw_ms`, after correction by `drift`. An outlier lies more
/// than 5 times 1.4826 median absolute deviations above or below the median. Precondition: not empty.
void summarise(Measurement& measurement);

/// Runs that suffice to claim that a share `percentile` of all runs is no longer than the longest seen, with 99%
/// confidence: the smallest n with percentile^n <= 0.01. 44 for 0.9, 459 for 0.99.
std::int64_t runs_for_percentile(double percentile);
/// Whether `p90_ms` may be told to people: runs_for_percentile(0.9) clean runs are there.
bool claims_p90(const Measurement& measurement);

}  // namespace oneproxy
