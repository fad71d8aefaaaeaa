#include "oneproxy/pipeline/front.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <vector>

namespace oneproxy {

Line fit_line(std::span<const double> x, std::span<const double> y) {
  assert(x.size() == y.size() && !x.empty());
  const auto n = static_cast<double>(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xx = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (xx > 0 && xy > 0) return {xy / xx, mean_y - xy / xx * mean_x};
  return mean_x > 0 ? Line{mean_y / mean_x, 0} : Line{1, mean_y - mean_x};
}

Front spread_over_front(const Front& front, std::size_t count) {
  if (front.size() <= count || count < 2)
    return Front(front.begin(), front.begin() + static_cast<std::ptrdiff_t>(std::min(front.size(), count)));
  const double latency_extent = front.back().latency_ms - front.front().latency_ms;
  const double accuracy_extent = front.back().accuracy - front.front().accuracy;
  std::vector<double> along(front.size());  // length of the front up to each member
  for (std::size_t i = 1; i < front.size(); ++i) {
    along[i] = along[i - 1] + std::hypot((front[i].latency_ms - front[i - 1].latency_ms) / latency_extent,
                                         (front[i].accuracy - front[i - 1].accuracy) / accuracy_extent);
  }
  Front chosen;
  std::size_t next = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const double wanted = along.back() * static_cast<double>(k) / static_cast<double>(count - 1);
    const std::size_t last = front.size() - (count - k);  // leaves enough for the rest
    std::size_t best = next;
    for (std::size_t i = next; i <= last; ++i) {
      if (std::abs(along[i] - wanted) <= std::abs(along[best] - wanted)) best = i;
    }
    chosen.push_back(front[best]);
    next = best + 1;
  }
  return chosen;
}

Front widest_first(const Front& front) {
  if (front.size() < 3) return front;
  Front result{front.front(), front.back()};
  std::vector<std::size_t> placed{0, front.size() - 1};  // ascending
  while (result.size() < front.size()) {
    std::size_t widest = 1;
    for (std::size_t i = 1; i < placed.size(); ++i) {
      if (placed[i] - placed[i - 1] > placed[widest] - placed[widest - 1]) widest = i;
    }
    const std::size_t middle = (placed[widest - 1] + placed[widest]) / 2;
    result.push_back(front[middle]);
    placed.insert(placed.begin() + static_cast<std::ptrdiff_t>(widest), middle);
  }
  return result;
}

}  // namespace oneproxy
