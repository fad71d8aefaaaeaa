#include "oneproxy/measure/repeatability.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "median.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

constexpr int most_doublings = 4;

/// In any order; 0 of none.
double median_of_any(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : median_of<double>(values);
}

std::pair<double, double> interval_of(const Measurement& m) {
  std::vector<float> sorted = m.raw_ms;
  std::ranges::sort(sorted);
  const auto [low, high] = median_interval_95(sorted);
  // One run of a model or a table is exact; a few runs of an engine are anything.
  if (!std::isfinite(low) && (m.stopped_by == "model" || m.stopped_by == "replayed")) return {m.median_ms, m.median_ms};
  return {low / m.drift, high / m.drift};
}

}  // namespace

Repeatability repeatability(std::span<const RepeatedMeasurement> pairs) {
  std::vector<double> first;
  std::vector<double> again;
  std::vector<double> differences;
  for (const auto& pair : pairs) {
    first.push_back(pair.first.median_ms);
    again.push_back(pair.again.median_ms);
    differences.push_back(std::abs(again.back() - first.back()) / ((first.back() + again.back()) / 2));
  }
  return {pairs.size(), pairs.size() < 2 ? std::numeric_limits<double>::quiet_NaN() : srcc(first, again),
          median_of_any(std::move(differences))};
}

Calibration calibrate(Device& device, const SearchSpace& space, std::span<const Architecture> pilot,
                      const Protocol& protocol, const ProgressCallback& progress) {
  Calibration calibration{.protocol = protocol, .steps = {}, .good = false};
  for (int doubling = 0;; ++doubling) {
    std::vector<Measurement> first;
    device.measure(
        space, pilot, calibration.protocol, [&](const Measurement& m) { first.push_back(m); }, progress);
    const auto pairs = measure_again(device, space, first, first.size(), calibration.protocol, {}, progress);
    calibration.steps.push_back({calibration.protocol.budget_ms, calibration.protocol.min_runs, repeatability(pairs)});
    calibration.good = calibration.steps.back().repeatability.srcc >= good_repeatability;
    if (calibration.good || doubling == most_doublings) return calibration;
    calibration.protocol.budget_ms *= 2;
    calibration.protocol.min_runs *= 2;
  }
}

double drift_trend(std::span<const Measurement> measured) {
  std::vector<double> reference;
  for (const auto& m : measured) {
    if (m.reference_ms > 0) reference.push_back(m.reference_ms);
  }
  if (reference.size() < 6) return 0;
  const auto third = static_cast<std::ptrdiff_t>(reference.size() / 3);
  return median_of_any({reference.end() - third, reference.end()}) /
             median_of_any({reference.begin(), reference.begin() + third}) -
         1;
}

std::vector<std::size_t> tied_places(std::span<const Measurement> measured) {
  std::vector<std::size_t> order(measured.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return measured[i].median_ms; });
  std::vector<std::size_t> places(measured.size());
  double reach = -std::numeric_limits<double>::infinity();  // upper end of the interval of the place's first
  std::size_t place = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const auto [low, high] = interval_of(measured[order[rank]]);
    if (rank == 0 || low > reach) {
      place = rank + 1;
      reach = high;
    }
    places[order[rank]] = place;
  }
  return places;
}

}  // namespace oneproxy
