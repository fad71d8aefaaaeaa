#include "oneproxy/pipeline/fleet_monotonicity.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace oneproxy {
namespace {

using Eigen::Index;

SrccDistribution distribution(const Eigen::MatrixXd& srcc, std::span<const std::size_t> devices, double threshold) {
  std::vector<double> pairs;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double r = srcc(static_cast<Index>(devices[i]), static_cast<Index>(devices[j]));
      if (!std::isnan(r)) pairs.push_back(r);
    }
  }
  SrccDistribution result{.pair_count = pairs.size(), .quantiles = {}, .share_above = 0};
  if (pairs.empty()) return result;
  std::ranges::sort(pairs);
  for (std::size_t percent = 0; percent <= 100; ++percent) {
    result.quantiles.push_back(pairs[(pairs.size() - 1) * percent / 100]);
  }
  const auto above = pairs.end() - std::ranges::lower_bound(pairs, threshold);
  result.share_above = static_cast<double>(above) / static_cast<double>(pairs.size());
  return result;
}

}  // namespace

MonotonicitySummary summarise_monotonicity(const Eigen::MatrixXd& srcc, std::span<const double> mean_ms,
                                           std::span<const std::size_t> cluster, double threshold,
                                           std::size_t block_count) {
  const auto count = static_cast<std::size_t>(srcc.rows());
  assert(mean_ms.size() == count && cluster.size() == count && block_count > 0);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t d) { return mean_ms[d]; });
  const std::span<const std::size_t> by_speed(order);
  const std::size_t third = count / 3;
  MonotonicitySummary result{.all = distribution(srcc, by_speed, threshold),
                             .fast = distribution(srcc, by_speed.first(third), threshold),
                             .medium = distribution(srcc, by_speed.subspan(third, count - 2 * third), threshold),
                             .slow = distribution(srcc, by_speed.last(third), threshold),
                             .blocks = {},
                             .block_sizes = {}};
  std::ranges::sort(order);
  std::ranges::stable_sort(order, {}, [&](std::size_t d) { return cluster[d]; });
  const std::size_t blocks = std::min(block_count, count);
  result.blocks.resize(static_cast<Index>(blocks), static_cast<Index>(blocks));
  const auto begin_of = [&](std::size_t block) { return block * count / blocks; };
  for (std::size_t a = 0; a < blocks; ++a) {
    result.block_sizes.push_back(begin_of(a + 1) - begin_of(a));
    for (std::size_t b = 0; b <= a; ++b) {
      double sum = 0;
      std::size_t pairs = 0;
      for (std::size_t i = begin_of(a); i < begin_of(a + 1); ++i) {
        for (std::size_t j = begin_of(b); j < begin_of(b + 1); ++j) {
          const double r = srcc(static_cast<Index>(order[i]), static_cast<Index>(order[j]));
          if (i == j || std::isnan(r)) continue;
          sum += r;
          ++pairs;
        }
      }
      const double mean = pairs > 0 ? sum / static_cast<double>(pairs) : std::numeric_limits<double>::quiet_NaN();
      result.blocks(static_cast<Index>(a), static_cast<Index>(b)) = mean;
      result.blocks(static_cast<Index>(b), static_cast<Index>(a)) = mean;
    }
  }
  return result;
}

}  // namespace oneproxy
