#include "oneproxy/train/image_sample.hpp"

#include <cmath>
#include <set>

#include "small_task.hpp"

namespace oneproxy {
namespace {

constexpr int kPilots = 10;
constexpr std::size_t kImages = 1000;

/// How likely a network is right on each image: mostly sure, some contested.
std::vector<double> difficulties(Rng& rng) {
  std::vector<double> rates;
  for (std::size_t i = 0; i < kImages; ++i) {
    const double kind = rng.uniform();
    rates.push_back(kind < 0.6 ? 1.0 : kind < 0.7 ? 0.0 : rng.uniform());
  }
  return rates;
}

std::vector<int> pilot_counts(const std::vector<double>& rates, Rng& rng) {
  std::vector<int> counts;
  for (const double rate : rates) {
    counts.push_back(0);
    for (int p = 0; p < kPilots; ++p) counts.back() += rng.uniform() < rate ? 1 : 0;
  }
  return counts;
}

TEST(StratifiedDraw, TakesDifferentImagesThatStandForAll) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const auto counts = pilot_counts(difficulties(rng), rng);
    const std::size_t count = 20 + rng.below(kImages - 20);
    const auto draw = stratified_draw(counts, kPilots, count, seed);
    EXPECT_NEAR(static_cast<double>(draw.which.size()), static_cast<double>(count), kPilots + 1.0);
    ASSERT_EQ(draw.weights.size(), draw.which.size());
    EXPECT_EQ(std::set(draw.which.begin(), draw.which.end()).size(), draw.which.size());
    double sum = 0;
    for (const double weight : draw.weights) {
      EXPECT_GE(weight, 1.0);
      sum += weight;
    }
    EXPECT_NEAR(sum, static_cast<double>(kImages), 1e-6);
  }
}

TEST(StratifiedDraw, AllImagesStandForThemselves) {
  Rng rng(1);
  const auto draw = stratified_draw(pilot_counts(difficulties(rng), rng), kPilots, kImages, 1);
  EXPECT_EQ(draw.which.size(), kImages);
  for (const double weight : draw.weights) EXPECT_EQ(weight, 1.0);
}

TEST(StratifiedDraw, EstimatesWithoutBiasAndBetterThanAPlainDraw) {
  constexpr std::size_t count = 200;
  double bias = 0;
  double squared = 0;
  double plain_squared = 0;
  constexpr int trials = 400;
  for (std::uint64_t seed = 1; seed <= trials; ++seed) {
    Rng rng(seed);
    const auto rates = difficulties(rng);
    const auto counts = pilot_counts(rates, rng);
    std::vector<double> hit;
    double truth = 0;
    for (const double rate : rates) {
      hit.push_back(rng.uniform() < rate ? 1 : 0);
      truth += hit.back() / kImages;
    }
    const auto draw = stratified_draw(counts, kPilots, count, seed);
    double estimate = 0;
    for (std::size_t i = 0; i < draw.which.size(); ++i) estimate += draw.weights[i] * hit[draw.which[i]] / kImages;
    rng.shuffle(std::span(hit));
    double plain = 0;
    for (std::size_t i = 0; i < draw.which.size(); ++i) plain += hit[i] / static_cast<double>(draw.which.size());
    bias += (estimate - truth) / trials;
    squared += (estimate - truth) * (estimate - truth) / trials;
    plain_squared += (plain - truth) * (plain - truth) / trials;
  }
  EXPECT_LT(std::abs(bias), 4 * std::sqrt(squared / trials));
  EXPECT_LT(squared, 0.5 * plain_squared);
}

}  // namespace
}  // namespace oneproxy
