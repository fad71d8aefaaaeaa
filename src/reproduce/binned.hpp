#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "oneproxy/report/svg.hpp"

namespace oneproxy {

/// y against x as the paper's Figs. 4, 6 and 8 draw it: means of bins of equally many points, with their deviations.
inline ChartLine binned(const std::string& name, const auto& x, const auto& y, std::size_t bin_count = 20) {
  std::vector<std::size_t> order(static_cast<std::size_t>(x.size()));
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto at = [](const auto& values, std::size_t i) {
    return values[static_cast<std::remove_cvref_t<decltype(values.size())>>(i)];
  };
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return at(x, i); });
  ChartLine line{.name = name, .x = {}, .y = {}, .deviation = {}};
  for (std::size_t bin = 0; bin < bin_count; ++bin) {
    const std::size_t begin = bin * order.size() / bin_count;
    const std::size_t end = (bin + 1) * order.size() / bin_count;
    if (begin == end) continue;
    double sum_x = 0;
    double sum = 0;
    double squares = 0;
    for (std::size_t k = begin; k < end; ++k) {
      sum_x += at(x, order[k]);
      sum += at(y, order[k]);
      squares += at(y, order[k]) * at(y, order[k]);
    }
    const auto count = static_cast<double>(end - begin);
    line.x.push_back(sum_x / count);
    line.y.push_back(sum / count);
    line.deviation.push_back(std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count))));
  }
  return line;
}

}  // namespace oneproxy
