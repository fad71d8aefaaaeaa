#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace oneproxy {

/// What one machine-hour account is computed from. Defaults: section 2.2 of the paper, and Once-for-All's training;
/// the accuracies are 1,000 networks of one minute each.
struct CostAssumptions {
  double seconds_per_measurement = 20;
  double predictor_measurements = 10'000;  ///< of a latency predictor of a device's own
  double training_hours = 1200;            ///< c_T
  double accuracy_hours = 1000.0 / 60;     ///< c_A
  bool operator==(const CostAssumptions&) const = default;

  /// c_L: one device's own latency predictor.
  double latency_hours() const { return predictor_measurements * seconds_per_measurement / 3600; }
};

/// A row of Table 1 of the paper.
struct CostRow {
  std::string algorithm;
  std::string formula;  ///< in c_T, c_A, c_L and the number of devices n
  double machine_hours = 0;
};

/// Table 1 for `device_count` devices, and as its last row one proxy: c_T + c_A + c_L for each of `proxy_count` known
/// devices, and `measurement_count` measurements on all others together.
std::vector<CostRow> machine_hours(std::size_t device_count, std::size_t proxy_count, std::size_t measurement_count,
                                   const CostAssumptions& assumptions);

}  // namespace oneproxy
