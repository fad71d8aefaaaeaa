#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "oneproxy/measure/device.hpp"
#include "oneproxy/predict/lookup_table.hpp"
#include "oneproxy/space/operator_space.hpp"
#include "oneproxy/store/store.hpp"

namespace oneproxy {

/// How an operator's latency is found out; docs/design/lookup_table.md has the figures of both.
enum class ProfileMethod {
  /// Two networks that differ in the operator only: the operator after the one before it, less that one alone. What an
  /// engine spends on any network at all falls out, and is counted once, with the first operator of the network.
  difference,
  alone,  ///< a network of this operator alone
};
/// @throws InputError for an unknown name.
ProfileMethod profile_method_of(std::string_view name);
std::string to_string(ProfileMethod method);

/// Latencies of all operators by their keys: medians in ms, with the standard deviation and the number of their runs.
struct OperatorProfile {
  std::vector<OperatorLatency> entries;
  std::size_t not_positive_count =
      0;                           ///< differences that noise or fusing made zero or less; they are kept as they are
  std::size_t measured_count = 0;  ///< networks
};

/// Measures what `store` does not hold of the operators under `run` yet, in the role "operator".
/// @throws InputError where the device fails, Stopped where `progress` says so; what was measured is kept.
OperatorProfile profile_operators(Device& device, const OperatorSpace& operators, ProfileMethod method,
                                  const Protocol& protocol, Store& store, std::int64_t run,
                                  const ProgressCallback& progress);

/// What sums must be multiplied by to be right for these networks: the median of measured over predicted. Operators
/// measured in small networks find more in the caches than those of a whole one; the ranking does not depend on it.
/// Preconditions: equal sizes, not empty, predictions positive.
double calibration_factor(std::span<const double> predicted_ms, std::span<const double> measured_ms);

/// A predictor of whole networks beside their measurements.
struct SumCheck {
  std::size_t network_count = 0;
  double srcc = 0;
  double rmse_ms = 0;
  double rmse_share = 0;  ///< of the mean latency
  double within_10_percent = 0;
  double bias = 0;  ///< mean of predicted over measured, less 1
};
/// Preconditions: equal sizes, measured latencies positive.
SumCheck check_sums(std::span<const double> predicted_ms, std::span<const double> measured_ms);

}  // namespace oneproxy
