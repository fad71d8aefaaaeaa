#include "oneproxy/report/text_plot.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>
#include <vector>

namespace oneproxy {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(TextPlot, PutsTheCornersIntoTheCorners) {
  const double x[] = {1, 3, 2};
  const double y[] = {10, 30, 20};
  const PlotPoints points[] = {{'*', x, y}};
  EXPECT_EQ(text_plot(points, 21, 3, "ms", "percent"),
            "   percent\n"
            "30 |                    *\n"
            "   |          *\n"
            "10 |*\n"
            "   +---------------------\n"
            "    1        ms         3\n");
}

TEST(TextPlot, FirstMarksLieOnTop) {
  const double at[] = {1.0};
  const PlotPoints points[] = {{'*', at, at}, {'.', at, at}};
  const std::string plot = text_plot(points, 9, 3, "", "");
  EXPECT_NE(plot.find('*'), std::string::npos);
  EXPECT_EQ(plot.find('.'), std::string::npos);
}

TEST(TextPlot, LeavesOutWhatIsNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double x[] = {1, nan, 2};
  const double y[] = {1, 1, std::numeric_limits<double>::infinity()};
  const PlotPoints points[] = {{'*', x, y}};
  const std::string plot = text_plot(points, 10, 4, "x", "y");
  EXPECT_EQ(std::count(plot.begin(), plot.end(), '*'), 1);
  const PlotPoints none[] = {{'*', {}, {}}};
  EXPECT_EQ(text_plot(none, 10, 4, "x", "y"), "");
}

TEST(TextPlot, LinesAreNoLongerThanAsked) {
  const double x[] = {0.0001234, 98765.4321};
  const double y[] = {-1e-9, 1e9};
  const PlotPoints points[] = {{'*', x, y}};
  for (const int columns : {2, 10, 64}) {
    const auto lines = lines_of(text_plot(points, columns, 5, "a rather long name", "y"));
    ASSERT_EQ(lines.size(), 8U);
    const std::size_t edge = lines[1].find('|');
    for (std::size_t i = 1; i <= 5; ++i) EXPECT_LE(lines[i].size(), edge + 1 + static_cast<std::size_t>(columns));
  }
}

}  // namespace
}  // namespace oneproxy
