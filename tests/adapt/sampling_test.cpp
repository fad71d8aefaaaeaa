#include "oneproxy/adapt/sampling.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

std::vector<double> random_latencies(Rng& rng, std::size_t count) {
  std::vector<double> latency(count);
  for (double& value : latency) value = static_cast<double>(rng.below(500));  // with ties
  return latency;
}

TEST(Sampling, OneFromEachQuantileBin) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    std::vector<double> latency(200);
    std::iota(latency.begin(), latency.end(), 1.0);
    rng.shuffle<double>(latency);
    const std::vector<std::size_t> chosen = choose_samples(latency, 40, Sampling::stratified, {}, rng);
    ASSERT_EQ(chosen.size(), 40u);
    for (std::size_t bin = 0; bin < 40; ++bin) {
      EXPECT_EQ(static_cast<std::size_t>(latency[chosen[bin]] - 1) / 5, bin);
    }
  }
}

TEST(Sampling, FurtherBatchesAreNewAndKeepTheWholeStratified) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    std::vector<double> latency(1000);
    std::iota(latency.begin(), latency.end(), 0.0);
    std::vector<std::size_t> taken;
    for (const std::size_t count : {10, 7, 20, 3}) {
      const std::vector<std::size_t> batch = choose_samples(latency, count, Sampling::stratified, taken, rng);
      taken.insert(taken.end(), batch.begin(), batch.end());
      // Any tenth of the pool holds its share, but for the samples that bin borders leave uncertain.
      for (double begin = 0; begin < 1000; begin += 100) {
        const auto inside = std::count_if(
            taken.begin(), taken.end(), [&](std::size_t i) { return latency[i] >= begin && latency[i] < begin + 100; });
        EXPECT_NEAR(static_cast<double>(inside), static_cast<double>(taken.size()) / 10, 3);
      }
    }
    EXPECT_EQ(std::set<std::size_t>(taken.begin(), taken.end()).size(), 40u);
  }
}

TEST(Sampling, TakesAllThatIsLeft) {
  for (const Sampling sampling : {Sampling::stratified, Sampling::random}) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      Rng rng(seed);
      const std::vector<double> latency = random_latencies(rng, 30);
      std::vector<std::size_t> all = choose_samples(latency, 13, sampling, {}, rng);
      const std::vector<std::size_t> rest = choose_samples(latency, 17, sampling, all, rng);
      all.insert(all.end(), rest.begin(), rest.end());
      EXPECT_EQ(std::set<std::size_t>(all.begin(), all.end()).size(), 30u);
      EXPECT_THROW(choose_samples(latency, 1, sampling, all, rng), InputError);
      EXPECT_TRUE(choose_samples(latency, 0, sampling, all, rng).empty());
    }
  }
}

TEST(Sampling, SameSeedSameSamples) {
  for (const Sampling sampling : {Sampling::stratified, Sampling::random}) {
    Rng first(5);
    Rng second(5);
    Rng other(6);
    std::vector<double> latency = random_latencies(first, 300);
    EXPECT_EQ(latency, random_latencies(second, 300));
    const auto a = choose_samples(latency, 20, sampling, {}, first);
    EXPECT_EQ(a, choose_samples(latency, 20, sampling, {}, second));
    EXPECT_NE(a, choose_samples(latency, 20, sampling, {}, other));
  }
}

// Every candidate has the same chance in the first batch: 2,000 draws of 10 among 50, each expected 400 times.
TEST(Sampling, IsFair) {
  for (const Sampling sampling : {Sampling::stratified, Sampling::random}) {
    Rng rng(3);
    std::vector<double> latency(50);
    std::iota(latency.begin(), latency.end(), 0.0);
    std::vector<int> hits(50, 0);
    for (int draw = 0; draw < 2000; ++draw) {
      for (const std::size_t i : choose_samples(latency, 10, sampling, {}, rng)) ++hits[i];
    }
    for (const int count : hits) EXPECT_NEAR(count, 400, 90);  // five standard deviations
  }
}

}  // namespace
}  // namespace oneproxy
