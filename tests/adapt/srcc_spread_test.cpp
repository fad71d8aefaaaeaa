#include "oneproxy/adapt/srcc_spread.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

struct Pair {
  std::vector<double> a;
  std::vector<double> b;
};

Pair noisy_pair(std::uint64_t seed, std::size_t count) {
  Rng rng(seed);
  Pair pair;
  for (std::size_t i = 0; i < count; ++i) {
    pair.a.push_back(rng.uniform());
    pair.b.push_back(pair.a.back() + 0.3 * rng.uniform());
  }
  return pair;
}

// All rows in the sample leave nothing to chance; fewer spread around the truth, the less the more there are.
TEST(SrccSpread, NarrowsToTheWholeTable) {
  const auto [a, b] = noisy_pair(1, 400);
  const double whole = srcc(a, b);
  double tau = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) tau += (a[i] - a[k]) * (b[i] - b[k]) > 0 ? 1 : -1;
  }
  tau /= static_cast<double>(a.size() * (a.size() - 1)) / 2;
  const std::vector<std::size_t> counts{10, 40, 160, 400};
  const auto spread = srcc_spread(a, b, counts, 1000, 7);
  ASSERT_EQ(spread.size(), counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_EQ(spread[i].sample_count, counts[i]);
    EXPECT_EQ(spread[i].draw_count, 1000U);
    if (i > 0) {
      EXPECT_LT(spread[i].deviation, spread[i - 1].deviation);
    }
    // The mean of samples of n from many is ((n - 2) r + 3 tau) / (n + 1) (Hoeffding 1948); from 400 it lies between
    // that and r. Four standard errors beside.
    const auto n = static_cast<double>(counts[i]);
    const double error = 4 * spread[i].deviation / std::sqrt(1000.0) + 1e-12;
    EXPECT_GT(spread[i].mean, ((n - 2) * whole + 3 * tau) / (n + 1) - error) << counts[i];
    EXPECT_LT(spread[i].mean, whole + error) << counts[i];
  }
  EXPECT_LT(spread.back().deviation, 1e-12);
}

TEST(SrccSpread, IsTheSameOnAnyNumberOfThreads) {
  const auto [a, b] = noisy_pair(2, 100);
  const std::vector<std::size_t> counts{5, 20};
  const auto one = srcc_spread(a, b, counts, 200, 3, 1);
  const auto three = srcc_spread(a, b, counts, 200, 3, 3);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_EQ(one[i].mean, three[i].mean);
    EXPECT_EQ(one[i].deviation, three[i].deviation);
  }
  EXPECT_NE(srcc_spread(a, b, counts, 200, 4)[0].mean, one[0].mean);
}

TEST(SrccSpread, LeavesOutWhatIsMissingOrConstant) {
  const double nan = std::nan("");
  const std::vector<double> a{1, 2, 3, nan, 5, 6};
  const std::vector<double> b{1, 2, nan, 4, 5, 6};
  const std::vector<std::size_t> counts{4, 5};
  const auto spread = srcc_spread(a, b, counts, 50, 1);
  EXPECT_EQ(spread[0].mean, 1);  // the four rows with both values are in order
  EXPECT_EQ(spread[1].draw_count, 0U);
  EXPECT_TRUE(std::isnan(spread[1].mean));
  const std::vector<double> flat{1, 1, 1, 1, 1, 2};
  const auto some = srcc_spread(flat, std::vector<double>{1, 2, 3, 4, 5, 6}, std::vector<std::size_t>{2}, 300, 1)[0];
  EXPECT_GT(some.draw_count, 0U);
  EXPECT_LT(some.draw_count, 300U);
  EXPECT_EQ(some.mean, 1);
}

TEST(PairSrccs, AreTheValuesAboveTheDiagonalInOrder) {
  Eigen::Matrix3d srcc;
  srcc << 1, 0.5, std::nan(""), 0.5, 1, -0.2, std::nan(""), -0.2, 1;
  EXPECT_EQ(pair_srccs(srcc, std::vector<std::size_t>{0, 1, 2}), (std::vector<double>{-0.2, 0.5}));
  EXPECT_EQ(pair_srccs(srcc, std::vector<std::size_t>{1, 0}), std::vector<double>{0.5});
}

TEST(DevicesBySpeed, OrdersByTheMiddleRatio) {
  const double nan = std::nan("");
  Eigen::MatrixXd latency(3, 4);
  latency << 8, 2, 4, nan, 80, 20, nan, nan, 9, 1, 4, nan;
  EXPECT_EQ(devices_by_speed(latency), (std::vector<std::size_t>{1, 2, 0, 3}));
}

}  // namespace
}  // namespace oneproxy
