#pragma once

#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

namespace oneproxy {

/// A matrix of SRCCs as coloured fields with their values, e.g. of the paper's Fig. 7: red at 1, white at 0, blue at
/// -1, grey where NaN. Precondition: as many names as rows and columns.
std::string heat_map_svg(const std::string& title, std::span<const std::string> row_names,
                         std::span<const std::string> column_names, const Eigen::MatrixXd& values);

/// One line of a chart.
struct ChartLine {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> deviation;  ///< half the height of a bar at each point; empty: none
  bool steps = false;             ///< horizontal until the next point, as a distribution is drawn
  bool dots = false;              ///< a dot at each point and no line
};

/// Lines in a frame with named axes whose ranges hold all finite points; points that are not finite are left out.
std::string line_chart_svg(const std::string& title, const std::string& x_name, const std::string& y_name,
                           std::span<const ChartLine> lines);

}  // namespace oneproxy
