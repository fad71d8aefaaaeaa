#include "oneproxy/measure/protocol.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace oneproxy {
namespace {

constexpr int burst_runs = 10;
// The budget never leaves fewer runs than this: with three, the median survives one interruption longer than the
// budget.
constexpr std::size_t fewest_runs = 3;

double median_of(std::span<const float> ascending) {
  const std::size_t middle = ascending.size() / 2;
  return ascending.size() % 2 == 1 ? ascending[middle] : (double{ascending[middle - 1]} + ascending[middle]) / 2;
}

bool precise_enough(std::span<const float> raw_ms, double relative_tolerance) {
  std::vector<float> sorted(raw_ms.begin(), raw_ms.end());
  std::ranges::sort(sorted);
  const auto [low, high] = median_interval_95(sorted);
  const double median = median_of(sorted);
  return median - low <= relative_tolerance * median && high - median <= relative_tolerance * median;
}

struct Progressing {
  std::size_t network;
  std::vector<float> raw_ms;
  double spent_ms = 0;
  std::size_t next_check = 1;  // number of runs
};

}  // namespace

std::pair<double, double> median_interval_95(std::span<const float> values) {
  assert(std::ranges::is_sorted(values));
  // The interval between the k-th lowest and the k-th highest of n values misses the median with probability
  // 2 P(Binomial(n, 1/2) < k): the largest k for which that is at most 5%.
  const auto n = values.size();
  double log_term = -static_cast<double>(n) * std::log(2.0);  // of P(Binomial = i)
  double below = 0;
  std::size_t k = 0;
  while (k < n / 2) {
    below += std::exp(log_term);
    if (2 * below > 0.05) break;
    log_term += std::log(static_cast<double>(n - k)) - std::log(static_cast<double>(k + 1));
    ++k;
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (k == 0) return {-infinity, infinity};
  return {values[k - 1], values[n - k]};
}

void BlockTimer::operator()(std::size_t network_count, const Protocol& protocol, Rng& rng) const {
  std::vector<Progressing> active(network_count);
  for (std::size_t i = 0; i < network_count; ++i) active[i].network = i;
  while (!active.empty()) {
    rng.shuffle(std::span(active));
    for (auto& entry : active) {
      if (before_burst) before_burst(entry.network);
      // A slow network warms up within few runs, and they must not take longer than what is counted.
      double untimed_ms = 0;
      for (int i = 0; i < protocol.warmup_runs && untimed_ms <= protocol.budget_ms / 4; ++i) {
        untimed_ms += run_ms(entry.network);
      }
      const auto may_run = [&] { return entry.raw_ms.size() < fewest_runs || entry.spent_ms < protocol.budget_ms; };
      for (int i = 0; i < burst_runs && may_run(); ++i) {
        const double ms = run_ms(entry.network);
        entry.raw_ms.push_back(static_cast<float>(ms));
        entry.spent_ms += ms;
      }
      bool enough = false;
      if (entry.raw_ms.size() >= std::max(entry.next_check, static_cast<std::size_t>(std::max(1, protocol.min_runs)))) {
        enough = precise_enough(entry.raw_ms, protocol.relative_tolerance);
        // Looking rarely keeps sorting out of the way and gives chance fewer occasions to end too early.
        entry.next_check = entry.raw_ms.size() + entry.raw_ms.size() / 8;
      }
      if (!enough && entry.spent_ms < protocol.budget_ms) continue;
      finished(entry.network, std::move(entry.raw_ms), enough ? "confidence" : "budget");
      entry.network = network_count;  // done
    }
    std::erase_if(active, [&](const Progressing& entry) { return entry.network == network_count; });
  }
}

void summarise(Measurement& measurement) {
  assert(!measurement.raw_ms.empty());
  std::vector<float> sorted = measurement.raw_ms;
  std::ranges::sort(sorted);
  const auto n = static_cast<double>(sorted.size());
  const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / n;
  double squares = 0;
  for (const float ms : sorted) squares += (ms - mean) * (ms - mean);
  measurement.mean_ms = mean;
  measurement.median_ms = median_of(sorted);
  // The smallest value that at least 90% of the runs do not exceed.
  measurement.p90_ms = sorted[static_cast<std::size_t>(std::ceil(0.9 * n - 1e-9)) - 1];
  measurement.stddev_ms = sorted.size() > 1 ? std::sqrt(squares / (n - 1)) : 0;
  measurement.runs = static_cast<std::int64_t>(sorted.size());
}

std::vector<RepeatedMeasurement> measure_again(Device& device, const SearchSpace& space,
                                               std::span<const Measurement> measured, std::size_t count,
                                               const Protocol& protocol, const MeasurementSink& sink,
                                               const ProgressCallback& progress) {
  std::vector<std::size_t> order(measured.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng rng = Rng(protocol.seed).stream(1);
  rng.shuffle(std::span(order));
  order.resize(std::min(count, order.size()));

  std::vector<Architecture> xs;
  std::unordered_map<Architecture, std::size_t> place;
  for (const std::size_t i : order) {
    place.emplace(measured[i].architecture, i);
    xs.push_back(measured[i].architecture);
  }
  Protocol other_order = protocol;
  other_order.seed = rng.next();
  std::vector<RepeatedMeasurement> pairs;
  device.measure(
      space, xs, other_order,
      [&](const Measurement& again) {
        if (sink) sink(again);
        pairs.push_back({measured[place.at(again.architecture)], again});
      },
      progress);
  return pairs;
}

}  // namespace oneproxy
