#include "oneproxy/pipeline/operator_profile.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/pipeline/measure_missing.hpp"

namespace oneproxy {

ProfileMethod profile_method_of(std::string_view name) {
  if (name == "difference") return ProfileMethod::difference;
  if (name == "alone") return ProfileMethod::alone;
  throw InputError("method '" + std::string(name) + "'", "expected difference or alone");
}

std::string to_string(ProfileMethod method) { return method == ProfileMethod::difference ? "difference" : "alone"; }

OperatorProfile profile_operators(Device& device, const OperatorSpace& operators, ProfileMethod method,
                                  const Protocol& protocol, Store& store, std::int64_t run,
                                  const ProgressCallback& progress) {
  const auto& all = operators.operators();
  const bool pairs = method == ProfileMethod::difference;
  std::vector<bool> alone_wanted(all.size(), !pairs);
  for (const auto& each : all) {
    if (pairs && each.before >= 0) alone_wanted[static_cast<std::size_t>(each.before)] = true;
  }
  std::vector<Architecture> xs;
  std::vector<std::size_t> alone_at(all.size());  // in xs
  std::vector<std::size_t> after_at(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    alone_at[i] = xs.size();
    if (alone_wanted[i] || all[i].before < 0) xs.push_back(operators.alone(i));
    after_at[i] = xs.size();
    if (pairs && all[i].before >= 0) xs.push_back(operators.after(i));
  }
  const auto measured = measure_missing(device, operators, xs, protocol, store, run, "operator",
                                        "measuring operators on " + device.description(), progress);
  OperatorProfile profile;
  profile.measured_count = xs.size();
  for (std::size_t i = 0; i < all.size(); ++i) {
    OperatorLatency entry{all[i].key, 0, 0, 0};
    if (pairs && all[i].before >= 0) {
      const Measurement& with = measured[after_at[i]];
      const Measurement& without = measured[alone_at[static_cast<std::size_t>(all[i].before)]];
      entry.latency_ms = with.median_ms - without.median_ms;
      entry.deviation_ms = std::hypot(with.stddev_ms, without.stddev_ms);
      entry.count = static_cast<double>(std::min(with.runs, without.runs));
    } else {
      const Measurement& m = measured[alone_at[i]];
      entry.latency_ms = m.median_ms;
      entry.deviation_ms = m.stddev_ms;
      entry.count = static_cast<double>(m.runs);
    }
    profile.not_positive_count += entry.latency_ms > 0 ? 0 : 1;
    profile.entries.push_back(std::move(entry));
  }
  return profile;
}

double calibration_factor(std::span<const double> predicted_ms, std::span<const double> measured_ms) {
  assert(predicted_ms.size() == measured_ms.size() && !measured_ms.empty());
  std::vector<double> ratios(measured_ms.size());
  for (std::size_t i = 0; i < ratios.size(); ++i) ratios[i] = measured_ms[i] / predicted_ms[i];
  std::ranges::sort(ratios);
  const std::size_t middle = ratios.size() / 2;
  return ratios.size() % 2 == 1 ? ratios[middle] : (ratios[middle - 1] + ratios[middle]) / 2;
}

SumCheck check_sums(std::span<const double> predicted_ms, std::span<const double> measured_ms) {
  assert(predicted_ms.size() == measured_ms.size());
  SumCheck check{.network_count = measured_ms.size(),
                 .srcc = srcc(predicted_ms, measured_ms),
                 .rmse_ms = rmse(predicted_ms, measured_ms)};
  double measured_sum = 0;
  for (std::size_t i = 0; i < measured_ms.size(); ++i) {
    const double error = predicted_ms[i] / measured_ms[i] - 1;
    measured_sum += measured_ms[i];
    check.bias += error;
    check.within_10_percent += std::abs(error) <= 0.1 ? 1 : 0;
  }
  const auto count = static_cast<double>(measured_ms.size());
  check.rmse_share = check.rmse_ms * count / measured_sum;
  check.bias /= count;
  check.within_10_percent /= count;
  return check;
}

}  // namespace oneproxy
