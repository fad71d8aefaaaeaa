#include "oneproxy/pipeline/proxy_cover.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

Eigen::MatrixXd random_matrix(std::size_t devices, Rng& rng) {
  Eigen::MatrixXd srcc = Eigen::MatrixXd::Identity(static_cast<Index>(devices), static_cast<Index>(devices));
  for (Index i = 0; i < srcc.rows(); ++i) {
    for (Index j = 0; j < i; ++j) {
      // Few values, so that equal gains and equal sums happen.
      const double r = rng.below(20) == 0 ? std::numeric_limits<double>::quiet_NaN()
                                          : 0.8 + 0.05 * static_cast<double>(rng.below(4));
      srcc(i, j) = srcc(j, i) = r;
    }
  }
  return srcc;
}

/// The definition, without bits and without keeping gains.
std::vector<CoverStep> plain_cover(const Eigen::MatrixXd& srcc, double threshold) {
  const auto count = static_cast<std::size_t>(srcc.rows());
  std::vector<CoverStep> steps;
  std::set<std::size_t> covered;
  while (covered.size() < count) {
    std::size_t best = 0, best_gain = 0;
    double best_sum = 0;
    for (std::size_t p = 0; p < count; ++p) {
      std::size_t gain = 0;
      double sum = 0;
      for (std::size_t d = 0; d < count; ++d) {
        const double r = srcc(static_cast<Index>(p), static_cast<Index>(d));
        if (covered.contains(d) || !(d == p || r >= threshold)) continue;
        ++gain;
        if (d != p) sum += r;
      }
      if (gain > best_gain || (gain == best_gain && gain > 0 && sum > best_sum)) {
        best = p;
        best_gain = gain;
        best_sum = sum;
      }
    }
    for (std::size_t d = 0; d < count; ++d) {
      if (d == best || srcc(static_cast<Index>(best), static_cast<Index>(d)) >= threshold) covered.insert(d);
    }
    steps.push_back({.proxy = best, .gained = best_gain, .covered = covered.size()});
  }
  return steps;
}

std::size_t fewest(const Eigen::MatrixXd& srcc, double threshold) {
  const auto count = static_cast<std::size_t>(srcc.rows());
  std::size_t best = count;
  for (std::uint32_t chosen = 1; chosen < (1U << count); ++chosen) {
    const auto size = static_cast<std::size_t>(std::popcount(chosen));
    if (size >= best) continue;
    bool all = true;
    for (std::size_t d = 0; d < count && all; ++d) {
      bool covered = false;
      for (std::size_t p = 0; p < count; ++p) {
        covered |=
            (chosen >> p & 1U) != 0 && (d == p || srcc(static_cast<Index>(p), static_cast<Index>(d)) >= threshold);
      }
      all = covered;
    }
    if (all) best = size;
  }
  return best;
}

TEST(ProxyCover, IsTheGreedyOneOfTheDefinition) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const auto srcc = random_matrix(2 + rng.below(100), rng);
    EXPECT_EQ(cover_with_proxies(srcc, 0.9), plain_cover(srcc, 0.9));
  }
}

TEST(ProxyCover, IsWithinTheBoundOfTheFewest) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const auto srcc = random_matrix(11, rng);
    const auto greedy = static_cast<double>(cover_with_proxies(srcc, 0.9).size());
    const auto best = static_cast<double>(fewest(srcc, 0.9));
    EXPECT_GE(greedy, best);
    EXPECT_LE(greedy, best * (1 + std::log(11.0)));
  }
}

TEST(ProxyCover, FindsSeparateGroups) {
  constexpr Index group = 7;
  Eigen::MatrixXd srcc = Eigen::MatrixXd::Constant(3 * group, 3 * group, 0.5);
  for (Index g = 0; g < 3; ++g) srcc.block(g * group, g * group, group, group).setConstant(0.95);
  srcc.diagonal().setOnes();
  const auto cover = cover_with_proxies(srcc, 0.9);
  ASSERT_EQ(cover.size(), 3U);
  EXPECT_EQ(cover.back().covered, 21U);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(cover[k], (CoverStep{k * 7, 7, 7 * (k + 1)}));
}

TEST(ProxyCover, DevicesWithoutAnySrccCoverThemselves) {
  Eigen::MatrixXd srcc = Eigen::MatrixXd::Constant(3, 3, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(cover_with_proxies(srcc, 0.9).size(), 3U);
  EXPECT_TRUE(cover_with_proxies(Eigen::MatrixXd(0, 0), 0.9).empty());
}

}  // namespace
}  // namespace oneproxy
