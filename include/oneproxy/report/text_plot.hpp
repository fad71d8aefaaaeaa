#pragma once

#include <span>
#include <string>

namespace oneproxy {

/// One kind of points of a plot.
struct PlotPoints {
  char mark = '*';
  std::span<const double> x;
  std::span<const double> y;  ///< as many
};

/// Points in a frame of `columns` x `rows` characters, ASCII alone, the ranges of both axes at its edges; marks given
/// first lie on top. "" where there is no finite point. Preconditions: columns and rows at least 2.
std::string text_plot(std::span<const PlotPoints> kinds, int columns, int rows, const std::string& x_name,
                      const std::string& y_name);

}  // namespace oneproxy
