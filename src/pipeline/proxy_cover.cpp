#include "oneproxy/pipeline/proxy_cover.hpp"

#include <bit>
#include <cassert>
#include <cstdint>

namespace oneproxy {
namespace {

using Bits = std::vector<std::uint64_t>;

std::size_t common(const Bits& a, const Bits& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += static_cast<std::size_t>(std::popcount(a[i] & b[i]));
  return count;
}

template <class Action>
void for_each(const Bits& a, const Bits& b, Action action) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::uint64_t word = a[i] & b[i]; word != 0; word &= word - 1) {
      action(64 * i + static_cast<std::size_t>(std::countr_zero(word)));
    }
  }
}

}  // namespace

std::vector<CoverStep> cover_with_proxies(const Eigen::MatrixXd& srcc, double threshold) {
  assert(srcc.rows() == srcc.cols());
  const auto count = static_cast<std::size_t>(srcc.rows());
  std::vector<Bits> covers(count, Bits((count + 63) / 64));
  Bits missing((count + 63) / 64);
  for (std::size_t p = 0; p < count; ++p) {
    missing[p / 64] |= std::uint64_t{1} << (p % 64);
    for (std::size_t d = 0; d < count; ++d) {
      const bool covered = d == p || srcc(static_cast<Eigen::Index>(d), static_cast<Eigen::Index>(p)) >= threshold;
      covers[p][d / 64] |= std::uint64_t{covered} << (d % 64);
    }
  }
  // What a proxy gains only falls, so an old gain below the best so far need not be counted again.
  std::vector<std::size_t> gain(count);
  for (std::size_t p = 0; p < count; ++p) gain[p] = common(covers[p], missing);
  const auto sum_of = [&](std::size_t p) {
    double sum = 0;
    for_each(covers[p], missing, [&](std::size_t d) {
      if (d != p) sum += srcc(static_cast<Eigen::Index>(d), static_cast<Eigen::Index>(p));
    });
    return sum;
  };
  std::vector<CoverStep> steps;
  for (std::size_t covered = 0; covered < count;) {
    std::size_t best = count;
    double best_sum = 0;
    for (std::size_t p = 0; p < count; ++p) {
      if (gain[p] == 0 || (best < count && gain[p] < gain[best])) continue;
      gain[p] = common(covers[p], missing);
      if (gain[p] == 0 || (best < count && gain[p] < gain[best])) continue;
      const double sum = sum_of(p);
      if (best == count || gain[p] > gain[best] || sum > best_sum) {
        best = p;
        best_sum = sum;
      }
    }
    covered += gain[best];
    steps.push_back({.proxy = best, .gained = gain[best], .covered = covered});
    for (std::size_t i = 0; i < missing.size(); ++i) missing[i] &= ~covers[best][i];
  }
  return steps;
}

}  // namespace oneproxy
