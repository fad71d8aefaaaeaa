#include "oneproxy/pipeline/fleet_monotonicity.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

/// Devices of cluster k have the SRCC 0.95 among each other, others 0.5 + 0.001 times both numbers.
Eigen::MatrixXd grouped(std::span<const std::size_t> cluster) {
  const auto n = static_cast<Index>(cluster.size());
  return Eigen::MatrixXd::NullaryExpr(n, n, [&](Index i, Index j) {
    if (i == j) return 1.0;
    return cluster[static_cast<std::size_t>(i)] == cluster[static_cast<std::size_t>(j)]
               ? 0.95
               : 0.5 + 0.001 * static_cast<double>(i + j);
  });
}

TEST(SummariseMonotonicity, QuantilesAreThoseOfThePairs) {
  std::vector<std::size_t> cluster(60);
  for (std::size_t d = 0; d < 60; ++d) cluster[d] = d % 3;
  std::vector<double> mean_ms(60);
  std::iota(mean_ms.begin(), mean_ms.end(), 1.0);
  const auto srcc = grouped(cluster);
  const auto summary = summarise_monotonicity(srcc, mean_ms, cluster, 0.9);
  EXPECT_EQ(summary.all.pair_count, 60U * 59 / 2);
  ASSERT_EQ(summary.all.quantiles.size(), 101U);
  EXPECT_EQ(summary.all.quantiles.front(), 0.501);
  EXPECT_EQ(summary.all.quantiles.back(), 0.95);
  EXPECT_TRUE(std::ranges::is_sorted(summary.all.quantiles));
  EXPECT_NEAR(summary.all.share_above, 3 * 190.0 / 1770, 1e-12);
  EXPECT_EQ(summary.fast.pair_count, 190U);
  // The fast third are the first 20 devices, whose numbers are small.
  EXPECT_EQ(summary.fast.quantiles.front(), 0.501);
  EXPECT_EQ(summary.slow.quantiles.front(), 0.5 + 0.001 * (40 + 41));
}

TEST(SummariseMonotonicity, BlocksFollowTheClusters) {
  std::vector<std::size_t> cluster(60);
  for (std::size_t d = 0; d < 60; ++d) cluster[d] = d % 3;
  const std::vector<double> mean_ms(60, 1.0);
  const auto summary = summarise_monotonicity(grouped(cluster), mean_ms, cluster, 0.9, 6);
  ASSERT_EQ(summary.blocks.rows(), 6);
  EXPECT_EQ(summary.block_sizes, std::vector<std::size_t>(6, 10));
  for (Index a = 0; a < 6; ++a) {
    for (Index b = 0; b < 6; ++b) {
      if (a / 2 == b / 2) {
        EXPECT_NEAR(summary.blocks(a, b), 0.95, 1e-12);
      } else {
        EXPECT_LT(summary.blocks(a, b), 0.65);
      }
    }
  }
}

TEST(SummariseMonotonicity, FewDevicesAndNoSrccAreNoFault) {
  const auto none = summarise_monotonicity(Eigen::MatrixXd(0, 0), {}, {}, 0.9);
  EXPECT_TRUE(none.all.quantiles.empty());
  const Eigen::MatrixXd unknown = Eigen::MatrixXd::Constant(2, 2, std::nan(""));
  const std::vector<double> mean_ms{1, 2};
  const std::vector<std::size_t> cluster{0, 1};
  const auto two = summarise_monotonicity(unknown, mean_ms, cluster, 0.9);
  EXPECT_EQ(two.all.pair_count, 0U);
  EXPECT_EQ(two.blocks.rows(), 2);
  EXPECT_TRUE(std::isnan(two.blocks(0, 1)));
}

}  // namespace
}  // namespace oneproxy
