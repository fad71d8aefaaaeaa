#include "oneproxy/measure/protocol.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace oneproxy {
namespace {

std::vector<float> ascending(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

// The ranks of the published tables of the sign test (e.g. Conover, Practical Nonparametric Statistics): n, rank of the
// lower end; the upper one is n + 1 - rank.
TEST(MedianInterval, HasThePublishedRanks) {
  const std::pair<std::size_t, int> table[] = {{6, 1}, {8, 1}, {9, 2}, {10, 2}, {15, 4}, {20, 6}, {25, 8}, {30, 10}};
  for (const auto& [n, rank] : table) {
    const auto [low, high] = median_interval_95(ascending(n));
    EXPECT_EQ(low, rank) << n;
    EXPECT_EQ(high, static_cast<double>(n) + 1 - rank) << n;
  }
}

TEST(MedianInterval, IsUnboundedBelowSixValues) {
  for (std::size_t n = 0; n < 6; ++n) {
    const auto [low, high] = median_interval_95(ascending(n));
    EXPECT_TRUE(std::isinf(low) && low < 0) << n;
    EXPECT_TRUE(std::isinf(high) && high > 0) << n;
  }
}

TEST(MedianInterval, CoversTheMedianOfASkewedDistributionInAtLeast95Percent) {
  int covered = 0;
  constexpr int trials = 4000;
  for (std::uint64_t seed = 1; seed <= trials; ++seed) {
    Rng rng(seed);
    std::vector<float> values(31);
    for (float& value : values) value = static_cast<float>(std::exp(rng.normal()));  // median 1
    std::ranges::sort(values);
    const auto [low, high] = median_interval_95(values);
    covered += low <= 1 && 1 <= high ? 1 : 0;
  }
  EXPECT_GE(covered, 0.95 * trials - 3 * std::sqrt(0.95 * 0.05 * trials));
}

TEST(Summary, IsOfTheRawRuns) {
  Measurement m;
  m.raw_ms = {5, 1, 4, 2, 3, 10, 9, 8, 7, 6};
  summarise(m);
  EXPECT_DOUBLE_EQ(m.mean_ms, 5.5);
  EXPECT_DOUBLE_EQ(m.median_ms, 5.5);
  EXPECT_DOUBLE_EQ(m.p90_ms, 9);
  EXPECT_NEAR(m.stddev_ms, 3.0276503540974917, 1e-12);
  EXPECT_EQ(m.runs, 10);
  m.raw_ms = {2.5F};
  summarise(m);
  EXPECT_EQ(m.median_ms, 2.5);
  EXPECT_EQ(m.p90_ms, 2.5);
  EXPECT_EQ(m.stddev_ms, 0);
}

struct Outcome {
  std::vector<float> raw_ms;
  std::string stopped_by;
};

struct Trace {
  std::vector<std::size_t> bursts;  // networks in the order of their bursts
  std::vector<Outcome> outcomes;
  std::vector<int> calls;  // timed or not
};

template <class Latency>
Trace time_networks(std::size_t count, const Protocol& protocol, Latency latency) {
  Trace trace;
  trace.outcomes.resize(count);
  trace.calls.resize(count);
  Rng rng(protocol.seed);
  const BlockTimer timer{.run_ms = [&](std::size_t i) { return latency(i, trace.calls[i]++); },
                         .finished =
                             [&](std::size_t i, TimedRuns timed) {
                               EXPECT_TRUE(trace.outcomes[i].raw_ms.empty());
                               trace.outcomes[i] = {std::move(timed.raw_ms), std::string(timed.stopped_by)};
                             },
                         .before_burst = [&](std::size_t i) { trace.bursts.push_back(i); },
                         .was_disturbed = {}};
  timer(count, protocol, rng);
  return trace;
}

TEST(BlockTimer, StopsAtTheMinimumWhereEveryRunTakesTheSame) {
  Protocol protocol;
  protocol.budget_ms = 1000;  // 30 runs of the slowest take 600 ms
  const Trace trace = time_networks(20, protocol, [](std::size_t i, int) { return 1.0 + static_cast<double>(i); });
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(trace.outcomes[i].stopped_by, "confidence");
    EXPECT_EQ(trace.outcomes[i].raw_ms.size(), static_cast<std::size_t>(protocol.min_runs));
    EXPECT_EQ(trace.outcomes[i].raw_ms, std::vector<float>(30, 1.0F + static_cast<float>(i)));
  }
}

TEST(BlockTimer, EndsEachNetworkByTheRuleItNames) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Protocol protocol;
    protocol.seed = seed;
    protocol.budget_ms = 200;
    protocol.relative_tolerance = 0.01 * static_cast<double>(1 + seed % 5);
    Rng noise(seed);
    const Trace trace = time_networks(12, protocol, [&](std::size_t i, int) {
      return 0.3 * static_cast<double>(1 + i) * std::exp(0.02 * static_cast<double>(i) * noise.normal());
    });
    for (const auto& [raw_ms, stopped_by] : trace.outcomes) {
      std::vector<float> sorted = raw_ms;
      std::ranges::sort(sorted);
      const auto [low, high] = median_interval_95(sorted);
      const double spent = std::accumulate(raw_ms.begin(), raw_ms.end(), 0.0);
      Measurement m;
      m.raw_ms = raw_ms;
      summarise(m);
      if (stopped_by == "confidence") {
        EXPECT_GE(raw_ms.size(), 30U);
        EXPECT_LE(std::max(high - m.median_ms, m.median_ms - low), protocol.relative_tolerance * m.median_ms);
      } else {
        EXPECT_EQ(stopped_by, "budget");
        EXPECT_GE(spent, protocol.budget_ms * (1 - 1e-6));
      }
    }
  }
}

TEST(BlockTimer, TheBudgetEndsSlowNetworksBeforeTheMinimumButAfterThreeRuns) {
  Protocol protocol;
  protocol.budget_ms = 100;
  const Trace trace = time_networks(2, protocol, [](std::size_t i, int) { return i == 0 ? 40.0 : 5000.0; });
  EXPECT_EQ(trace.outcomes[0].raw_ms.size(), 3U);
  EXPECT_EQ(trace.outcomes[1].raw_ms.size(), 3U);
  EXPECT_EQ(trace.outcomes[1].stopped_by, "budget");
  EXPECT_EQ(trace.calls[1], 4);  // one to warm up
}

TEST(BlockTimer, OneInterruptionLongerThanTheBudgetIsNotTakenForTheLatency) {
  Protocol protocol;
  protocol.budget_ms = 40;
  const Trace trace = time_networks(8, protocol, [&](std::size_t i, int call) {
    return call == protocol.warmup_runs + static_cast<int>(i % 3) ? 50.0 : 1.0;
  });
  for (const auto& outcome : trace.outcomes) {
    Measurement m;
    m.raw_ms = outcome.raw_ms;
    summarise(m);
    EXPECT_EQ(m.median_ms, 1.0);
  }
}

TEST(BlockTimer, TheFirstRunsAreNotCounted) {
  Protocol protocol;
  protocol.warmup_runs = 4;
  const Trace trace = time_networks(5, protocol, [](std::size_t, int call) { return call < 4 ? 10.0 : 1.0; });
  for (const auto& outcome : trace.outcomes) EXPECT_EQ(std::ranges::max(outcome.raw_ms), 1.0F);
}

TEST(BlockTimer, ARunAfterTheOthersIsNotCounted) {
  // Slow whenever another network ran in between, as with caches.
  std::size_t last = 99;
  const Trace trace = time_networks(6, {}, [&](std::size_t i, int) { return std::exchange(last, i) == i ? 1.0 : 9.0; });
  for (const auto& outcome : trace.outcomes) EXPECT_EQ(std::ranges::max(outcome.raw_ms), 1.0F);
}

TEST(BlockTimer, EveryRoundVisitsEachUnfinishedNetworkOnceInAFreshOrder) {
  constexpr std::size_t count = 16;
  const Trace trace = time_networks(count, {}, [](std::size_t, int) { return 1.0; });
  ASSERT_EQ(trace.bursts.size() % count, 0U);
  std::vector<std::vector<std::size_t>> rounds;
  for (std::size_t begin = 0; begin < trace.bursts.size(); begin += count) {
    rounds.emplace_back(trace.bursts.begin() + begin, trace.bursts.begin() + begin + count);
    auto sorted = rounds.back();
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(sorted[i], i);
  }
  EXPECT_NE(rounds[0], rounds[1]);
  EXPECT_NE(rounds[1], rounds[2]);
}

TEST(BlockTimer, WarmUpEndsWhenTheMedianIsStable) {
  // Becomes faster by a fifth with each of its first ten runs.
  const Trace trace = time_networks(
      5, {}, [](std::size_t, int call) { return std::max(1.0, std::pow(0.8, static_cast<double>(call) - 10)); });
  for (const auto& outcome : trace.outcomes) EXPECT_EQ(std::ranges::max(outcome.raw_ms), 1.0F);
}

TEST(BlockTimer, ADisturbedRunIsMadeAgainUntilThatTakesTooLong) {
  for (const int every : {3, 1}) {  // every third run is disturbed, every one
    Protocol protocol;
    protocol.budget_ms = 100;
    int call = 0;
    TimedRuns timed;
    const BlockTimer timer{.run_ms = [&](std::size_t) { return ++call % every == 0 ? 5.0 : 1.0; },
                           .finished = [&](std::size_t, TimedRuns runs) { timed = std::move(runs); },
                           .before_burst = {},
                           .was_disturbed = [&] { return call % every == 0; }};
    Rng rng(1);
    timer(1, protocol, rng);
    const auto slow = std::ranges::count(timed.raw_ms, 5.0F);
    EXPECT_EQ(slow, timed.disturbed_runs);
    if (every == 3) {
      // 50 ms in disturbed runs of 5 ms each: ten are made again, before 30 clean ones are there.
      EXPECT_GT(std::ranges::count(timed.raw_ms, 1.0F), 20);
      EXPECT_LT(slow, 8);
    } else {
      EXPECT_EQ(slow, static_cast<std::int64_t>(timed.raw_ms.size()));  // better measured so than not at all
    }
  }
}

TEST(Percentiles, AreClaimedFromLoadGensNumbersOfRunsOn) {
  EXPECT_EQ(runs_for_percentile(0.9), 44);
  EXPECT_EQ(runs_for_percentile(0.99), 459);
  Measurement m;
  m.runs = 44;
  EXPECT_TRUE(claims_p90(m));
  m.disturbed_runs = 1;
  EXPECT_FALSE(claims_p90(m));
}

TEST(Summary, MarksOutliersAndKeepsThem) {
  Measurement m;
  m.raw_ms = {1.0F, 1.1F, 0.9F, 1.05F, 40.0F, 1.0F, 0.95F, 1.02F};
  summarise(m);
  EXPECT_EQ(m.outliers, (std::vector<std::uint32_t>{4}));
  EXPECT_EQ(m.runs, 8);
  EXPECT_GT(m.mean_ms, 5);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {  // of normal noise hardly any: 5 sigma
    Rng rng(seed);
    m.raw_ms.resize(100);
    for (float& ms : m.raw_ms) ms = static_cast<float>(10 + rng.normal());
    summarise(m);
    EXPECT_LE(m.outliers.size(), 1U) << "seed " << seed;
  }
}

TEST(Summary, IsCorrectedByTheDrift) {
  Measurement m;
  m.raw_ms = {2, 4, 6};
  m.drift = 2;
  summarise(m);
  EXPECT_DOUBLE_EQ(m.median_ms, 2);
  EXPECT_DOUBLE_EQ(m.mean_ms, 2);
  EXPECT_DOUBLE_EQ(m.p90_ms, 3);
  EXPECT_DOUBLE_EQ(m.stddev_ms, 1);
}

// A machine that slows down by half during the campaign: blocks in order would rank the late networks as slow.
TEST(BlockTimer, InterleavingTurnsDriftIntoNoise) {
  Protocol protocol;
  protocol.min_runs = 1000;
  double clock = 0;
  const Trace trace = time_networks(20, protocol, [&](std::size_t, int) { return 1.0 + (clock += 1.0 / 26000); });
  double lowest = 1e9;
  double highest = 0;
  for (const auto& outcome : trace.outcomes) {
    Measurement m;
    m.raw_ms = outcome.raw_ms;
    summarise(m);
    lowest = std::min(lowest, m.median_ms);
    highest = std::max(highest, m.median_ms);
  }
  EXPECT_LT(highest / lowest, 1.02);
}

}  // namespace
}  // namespace oneproxy
