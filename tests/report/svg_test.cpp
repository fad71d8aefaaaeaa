#include "oneproxy/report/svg.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace oneproxy {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(HeatMap, HasAFieldAndAValueForEachPair) {
  Eigen::Matrix2d values;
  values << 1, 0.456, -1, std::nan("");
  const std::vector<std::string> rows{"one & <only>", "two"};
  const std::vector<std::string> columns{"a", "b"};
  const std::string svg = heat_map_svg("pairs", rows, columns, values);
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_EQ(count(svg, "stroke=\"white\""), 4U);
  EXPECT_EQ(count(svg, ">0.46<"), 1U);
  EXPECT_EQ(count(svg, "#cccccc"), 1U);  // unknown
  EXPECT_EQ(count(svg, "#d55e00"), 1U);  // 1
  EXPECT_EQ(count(svg, "#0072b2"), 1U);  // -1
  EXPECT_EQ(count(svg, "one &amp; &lt;only&gt;"), 1U);
}

TEST(HeatMap, IsAsWideAsItsTitle) {
  const std::vector<std::string> names{"a"};
  const std::string svg = heat_map_svg(std::string(100, 'x'), names, names, Eigen::MatrixXd::Ones(1, 1));
  EXPECT_TRUE(svg.find(" width=\"700\"") != std::string::npos) << svg;
}

// Corners of the frame: the ranges are those of the points, rounded outwards.
TEST(LineChart, PutsPointsWhereTheyBelong) {
  const std::vector<ChartLine> lines{{.name = "up", .x = {0, 10, std::nan("")}, .y = {0, 1, 5}, .deviation = {}},
                                     {.name = "steps", .x = {0, 5}, .y = {0, 1}, .deviation = {0, 0}, .steps = true}};
  const std::string svg = line_chart_svg("chart", "x", "y", lines);
  EXPECT_NE(svg.find("points=\"64.0,352.0 616.0,32.0 \""), std::string::npos) << svg;
  EXPECT_NE(svg.find("points=\"64.0,352.0 340.0,352.0 340.0,32.0 \""), std::string::npos) << svg;
  EXPECT_EQ(count(svg, ">up<"), 1U);
  EXPECT_EQ(count(svg, ">0.2<"), 1U);  // the y axis goes in steps of 0.2
  EXPECT_EQ(count(svg, ">10<"), 1U);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(LineChart, DrawsDotsInsteadOfALine) {
  const std::vector<ChartLine> lines{{.name = "dots", .x = {0, 10}, .y = {0, 1}, .deviation = {}, .dots = true}};
  const std::string svg = line_chart_svg("chart", "x", "y", lines);
  EXPECT_EQ(count(svg, "h0"), 3U);  // two points and the legend
  EXPECT_EQ(count(svg, " d=\"M64.0 352.0h0M616.0 32.0h0\""), 1U) << svg;
  EXPECT_EQ(count(svg, "stroke-width=\"2.0\""), 0U);
}

TEST(LineChart, HidesNoDotUnderThoseOfTheNextLine) {
  const ChartLine dots{.name = "dots", .x = {0, 10}, .y = {0, 1}, .deviation = {}, .dots = true};
  const std::string svg = line_chart_svg("chart", "x", "y", std::vector{dots, dots});
  EXPECT_EQ(count(svg, "stroke-width=\"7.0\" d=\"M64.0 "), 1U) << svg;
  EXPECT_EQ(count(svg, "stroke-width=\"6.0\" d=\"M64.0 "), 1U) << svg;
}

TEST(LineChart, TellsMoreLinesApartThanThereAreColours) {
  const std::vector<ChartLine> lines(9, {.name = "line", .x = {0, 1}, .y = {0, 1}, .deviation = {}});
  const std::string svg = line_chart_svg("chart", "x", "y", lines);
  EXPECT_EQ(count(svg, "#0072b2\" stroke-width=\"2.0\" points"), 2U) << svg;  // and each time in the legend
  EXPECT_EQ(count(svg, "#0072b2\" stroke-width=\"2.0\" stroke-dasharray"), 2U) << svg;
}

TEST(LineChart, HasRoomForLongNumbers) {
  const std::vector<ChartLine> lines{{.name = "much", .x = {0, 1}, .y = {0, 250'000}, .deviation = {}}};
  const std::string svg = line_chart_svg("chart", "x", "y", lines);
  EXPECT_NE(svg.find("x=\"68.8\" y=\"36.0\" text-anchor=\"end\">250000<"), std::string::npos) << svg;
}

TEST(LineChart, IsAPictureWithoutPointsToo) {
  const std::string svg = line_chart_svg("none", "x", "y", {});
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

}  // namespace
}  // namespace oneproxy
