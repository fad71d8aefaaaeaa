#include "oneproxy/measure/protocol.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "median.hpp"

namespace oneproxy {
namespace {

constexpr int burst_runs = 10;
// The budget never leaves fewer runs than this: with three, the median survives one interruption longer than the
// budget.
constexpr std::size_t fewest_runs = 3;

bool precise_enough(std::span<const float> raw_ms, double relative_tolerance) {
  std::vector<float> sorted(raw_ms.begin(), raw_ms.end());
  std::ranges::sort(sorted);
  const auto [low, high] = median_interval_95(sorted);
  const double median = median_of<float>(sorted);
  return median - low <= relative_tolerance * median && high - median <= relative_tolerance * median;
}

struct Progressing {
  std::size_t network;
  TimedRuns timed;
  double spent_ms = 0;
  double lost_ms = 0;          // in runs that another process disturbed
  std::size_t next_check = 1;  // number of runs
  bool warm = false;
};

/// The most time, as a share of the budget, that disturbed runs may take before they are kept.
constexpr double largest_lost_share = 0.5;
/// Warm-up ends when the medians of two blocks differ by less.
constexpr double stable_share = 0.05;

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
  // A slow network warms up within few runs, and they must not take longer than what is counted.
  const double longest_warmup_ms = protocol.budget_ms / 4;
  double untimed_ms = 0;
  const auto warm_up = [&](const Progressing& entry) {
    std::vector<float> block;
    for (int i = 0; i < protocol.warmup_runs && untimed_ms <= longest_warmup_ms; ++i) {
      block.push_back(static_cast<float>(run_ms(entry.network)));
      untimed_ms += block.back();
    }
    std::ranges::sort(block);
    return block.empty() ? 0.0 : median_of<float>(block);
  };
  while (!active.empty()) {
    rng.shuffle(std::span(active));
    for (auto& entry : active) {
      if (before_burst) before_burst(entry.network);
      untimed_ms = 0;
      double median = warm_up(entry);
      while (!entry.warm && untimed_ms <= longest_warmup_ms && protocol.warmup_runs > 0) {
        const double next = warm_up(entry);
        entry.warm = std::abs(next - median) <= stable_share * median;
        median = next;
      }
      entry.warm = true;
      TimedRuns& timed = entry.timed;
      const auto may_run = [&] { return timed.raw_ms.size() < fewest_runs || entry.spent_ms < protocol.budget_ms; };
      for (int i = 0; i < burst_runs && may_run();) {
        const double ms = run_ms(entry.network);
        if (was_disturbed && was_disturbed()) {
          entry.lost_ms += ms;
          if (entry.lost_ms <= largest_lost_share * protocol.budget_ms) continue;
          ++timed.disturbed_runs;
        }
        timed.raw_ms.push_back(static_cast<float>(ms));
        entry.spent_ms += ms;
        ++i;
      }
      bool enough = false;
      if (timed.raw_ms.size() >= std::max(entry.next_check, static_cast<std::size_t>(std::max(1, protocol.min_runs)))) {
        enough = precise_enough(timed.raw_ms, protocol.relative_tolerance);
        // Looking rarely keeps sorting out of the way and gives chance fewer occasions to end too early.
        entry.next_check = timed.raw_ms.size() + timed.raw_ms.size() / 8;
      }
      if (!enough && entry.spent_ms < protocol.budget_ms) continue;
      timed.stopped_by = enough ? "confidence" : "budget";
      finished(entry.network, std::move(timed));
      entry.network = network_count;  // done
    }
    std::erase_if(active, [&](const Progressing& entry) { return entry.network == network_count; });
  }
}

namespace {

std::vector<std::uint32_t> outliers_of(std::span<const float> raw_ms, double median) {
  std::vector<float> distances;
  for (const float ms : raw_ms) distances.push_back(static_cast<float>(std::abs(ms - median)));
  std::vector<float> sorted = distances;
  std::ranges::sort(sorted);
  const double limit = 5 * 1.4826 * median_of<float>(sorted);
  std::vector<std::uint32_t> found;
  for (std::size_t i = 0; i < distances.size(); ++i) {
    if (distances[i] > limit) found.push_back(static_cast<std::uint32_t>(i));
  }
  return found;
}

}  // namespace

std::int64_t runs_for_percentile(double percentile) {
  assert(percentile > 0 && percentile < 1);
  return static_cast<std::int64_t>(std::ceil(std::log(0.01) / std::log(percentile)));
}

bool claims_p90(const Measurement& measurement) {
  return measurement.runs - measurement.disturbed_runs >= runs_for_percentile(0.9);
}

void summarise(Measurement& measurement) {
  assert(!measurement.raw_ms.empty());
  std::vector<float> sorted = measurement.raw_ms;
  std::ranges::sort(sorted);
  const auto n = static_cast<double>(sorted.size());
  const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / n;
  double squares = 0;
  for (const float ms : sorted) squares += (ms - mean) * (ms - mean);
  const double median = median_of<float>(sorted);
  measurement.mean_ms = mean / measurement.drift;
  measurement.median_ms = median / measurement.drift;
  // The smallest value that at least 90% of the runs do not exceed.
  measurement.p90_ms = sorted[static_cast<std::size_t>(std::ceil(0.9 * n - 1e-9)) - 1] / measurement.drift;
  measurement.stddev_ms = sorted.size() > 1 ? std::sqrt(squares / (n - 1)) / measurement.drift : 0;
  measurement.outliers = outliers_of(measurement.raw_ms, median);
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
