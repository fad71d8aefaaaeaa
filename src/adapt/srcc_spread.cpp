#include "oneproxy/adapt/srcc_spread.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "oneproxy/base/parallel.hpp"
#include "oneproxy/base/rng.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

/// NaN where there is none.
double median(std::vector<double>& values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, half);
  return *half;
}

SrccSpread summary(std::size_t sample_count, std::span<const double> estimates) {
  SrccSpread result{.sample_count = sample_count};
  double sum = 0;
  for (const double r : estimates) {
    if (std::isnan(r)) continue;
    sum += r;
    ++result.draw_count;
  }
  const auto count = static_cast<double>(result.draw_count);
  result.mean = sum / count;
  double squares = 0;
  for (const double r : estimates) squares += std::isnan(r) ? 0 : (r - result.mean) * (r - result.mean);
  result.deviation = std::sqrt(squares / (count - 1));
  if (result.draw_count < 2) result.deviation = std::numeric_limits<double>::quiet_NaN();
  return result;
}

}  // namespace

std::vector<SrccSpread> srcc_spread(std::span<const double> a, std::span<const double> b,
                                    std::span<const std::size_t> sample_counts, std::size_t draw_count,
                                    std::uint64_t seed, int threads) {
  assert(a.size() == b.size());
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isnan(a[i]) && !std::isnan(b[i])) rows.push_back(i);
  }
  std::vector<SrccSpread> result;
  for (const std::size_t count : sample_counts) {
    std::vector<double> estimates(count <= rows.size() ? draw_count : 0);
    const Rng root = Rng(seed).stream(count);
    parallel_for(estimates.size(), threads, [&](std::size_t draw) {
      Rng rng = root.stream(draw);
      std::vector<std::size_t> order = rows;
      std::vector<double> left(count);
      std::vector<double> right(count);
      for (std::size_t i = 0; i < count; ++i) {
        std::swap(order[i], order[i + rng.below(order.size() - i)]);
        left[i] = a[order[i]];
        right[i] = b[order[i]];
      }
      estimates[draw] = srcc(left, right);
    });
    result.push_back(summary(count, estimates));
  }
  return result;
}

std::vector<double> pair_srccs(const Eigen::MatrixXd& srcc, std::span<const std::size_t> devices) {
  std::vector<double> values;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      const double r = srcc(static_cast<Eigen::Index>(devices[i]), static_cast<Eigen::Index>(devices[k]));
      if (!std::isnan(r)) values.push_back(r);
    }
  }
  std::ranges::sort(values);
  return values;
}

std::vector<std::size_t> devices_by_speed(const Eigen::MatrixXd& latency_ms) {
  std::vector<std::vector<double>> ratios(static_cast<std::size_t>(latency_ms.cols()));
  std::vector<double> row;
  for (Eigen::Index n = 0; n < latency_ms.rows(); ++n) {
    row.clear();
    for (const double value : latency_ms.row(n)) {
      if (!std::isnan(value)) row.push_back(value);
    }
    const double middle = median(row);
    for (Eigen::Index d = 0; d < latency_ms.cols(); ++d) {
      if (const double value = latency_ms(n, d); !std::isnan(value)) {
        ratios[static_cast<std::size_t>(d)].push_back(value / middle);
      }
    }
  }
  std::vector<double> slowness;
  for (auto& values : ratios) slowness.push_back(median(values));
  std::vector<std::size_t> order(slowness.size());
  std::iota(order.begin(), order.end(), 0U);
  // Devices without a value come last.
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return std::isnan(slowness[b]) ? !std::isnan(slowness[a]) : slowness[a] < slowness[b];
  });
  return order;
}

}  // namespace oneproxy
