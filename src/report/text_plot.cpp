#include "oneproxy/report/text_plot.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

namespace oneproxy {
namespace {

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  /// Cell of `value` among `count`.
  int cell(double value, int count) const {
    return high > low ? static_cast<int>(std::lround((value - low) / (high - low) * (count - 1))) : count / 2;
  }
};

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

}  // namespace

std::string text_plot(std::span<const PlotPoints> kinds, int columns, int rows, const std::string& x_name,
                      const std::string& y_name) {
  assert(columns >= 2 && rows >= 2);
  Range xs;
  Range ys;
  for (const auto& kind : kinds) {
    assert(kind.x.size() == kind.y.size());
    for (std::size_t i = 0; i < kind.x.size(); ++i) {
      if (!std::isfinite(kind.x[i]) || !std::isfinite(kind.y[i])) continue;
      xs.take(kind.x[i]);
      ys.take(kind.y[i]);
    }
  }
  if (!(xs.low <= xs.high)) return "";
  std::vector<std::string> lines(static_cast<std::size_t>(rows), std::string(static_cast<std::size_t>(columns), ' '));
  for (const auto& kind : kinds) {
    for (std::size_t i = 0; i < kind.x.size(); ++i) {
      if (!std::isfinite(kind.x[i]) || !std::isfinite(kind.y[i])) continue;
      char& place = lines[static_cast<std::size_t>(rows - 1 - ys.cell(kind.y[i], rows))]
                         [static_cast<std::size_t>(xs.cell(kind.x[i], columns))];
      if (place == ' ') place = kind.mark;
    }
  }
  const std::string top = text_of(ys.high);
  const std::string bottom = text_of(ys.low);
  const std::size_t margin = std::max(top.size(), bottom.size());
  std::string plot = std::string(margin + 1, ' ') + y_name + '\n';
  for (std::size_t row = 0; row < lines.size(); ++row) {
    const std::string label = row == 0 ? top : row + 1 == lines.size() ? bottom : "";
    std::string line = std::string(margin - label.size(), ' ') + label + " |" + lines[row];
    line.erase(line.find_last_not_of(' ') + 1);
    plot += line + '\n';
  }
  plot += std::string(margin + 1, ' ') + '+' + std::string(static_cast<std::size_t>(columns), '-') + '\n';
  const std::string left = text_of(xs.low);
  const std::string right = text_of(xs.high);
  const auto width = static_cast<std::size_t>(columns);
  // The name between the ends, where there is room for it.
  std::string axis = left;
  const std::size_t room = left.size() + x_name.size() + right.size() + 2;
  if (room <= width) axis += std::string((width - room) / 2 + 1, ' ') + x_name;
  axis += std::string(std::max(width, axis.size() + right.size() + 1) - axis.size() - right.size(), ' ') + right;
  return plot + std::string(margin + 2, ' ') + axis + '\n';
}

}  // namespace oneproxy
