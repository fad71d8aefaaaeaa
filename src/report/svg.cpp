#include "oneproxy/report/svg.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <limits>

namespace oneproxy {
namespace {

constexpr double font_size = 12;
constexpr double letter = 6.8;  // width of one at that size, about
// Okabe and Ito's colours, which the colour-blind tell apart.
constexpr std::array<const char*, 7> line_colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                  "#e69f00", "#56b4e9", "#000000"};

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else
      result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return result;
}

class Picture {
 public:
  Picture(double width, double height, const std::string& title)
      : text_("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + fixed(width, 0) + "\" height=\"" +
              fixed(height, 0) + "\" font-family=\"sans-serif\" font-size=\"" + fixed(font_size, 0) + "\">\n<title>" +
              escaped(title) + "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n") {
    label(width / 2, 18, title, "middle");
  }

  void label(double x, double y, const std::string& text, const char* anchor, const std::string& more = "") {
    text_ += "<text x=\"" + fixed(x, 1) + "\" y=\"" + fixed(y, 1) + "\" text-anchor=\"" + anchor + "\"" + more + ">" +
             escaped(text) + "</text>\n";
  }
  void turned_label(double x, double y, const std::string& text, const char* anchor) {
    label(x, y, text, anchor, " transform=\"rotate(-90 " + fixed(x, 1) + " " + fixed(y, 1) + ")\"");
  }
  void field(double x, double y, double size, const std::string& colour) {
    text_ += "<rect x=\"" + fixed(x, 1) + "\" y=\"" + fixed(y, 1) + "\" width=\"" + fixed(size, 1) + "\" height=\"" +
             fixed(size, 1) + "\" fill=\"" + colour + "\" stroke=\"white\"/>\n";
  }
  void line(const std::vector<std::pair<double, double>>& points, const std::string& colour, double width,
            const std::string& more = "") {
    text_ += "<polyline fill=\"none\" stroke=\"" + colour + "\" stroke-width=\"" + fixed(width, 1) + "\"" + more +
             " points=\"";
    for (const auto& [x, y] : points) text_ += fixed(x, 1) + "," + fixed(y, 1) + " ";
    text_ += "\"/>\n";
  }
  /// One element for all, each a line without length and with round ends.
  void dots(const std::vector<std::pair<double, double>>& points, double radius, const std::string& colour) {
    text_ += "<path fill=\"none\" stroke=\"" + colour + "\" stroke-opacity=\"0.7\" stroke-linecap=\"round\" " +
             "stroke-width=\"" + fixed(2 * radius, 1) + "\" d=\"";
    for (const auto& [x, y] : points) text_ += "M" + fixed(x, 1) + " " + fixed(y, 1) + "h0";
    text_ += "\"/>\n";
  }
  std::string finish() && { return text_ + "</svg>\n"; }

 private:
  std::string text_;
};

/// White at 0, red at 1, blue at -1.
std::string colour_of(double r) {
  if (std::isnan(r)) return "#cccccc";
  const auto mix = [&](int at_one, int at_minus_one) {
    const double share = std::min(1.0, std::abs(r));
    return static_cast<int>(std::lround(255 + share * ((r > 0 ? at_one : at_minus_one) - 255)));
  };
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", mix(213, 0), mix(94, 114), mix(0, 178));
  return text;
}

double width_of(const std::string& text) { return letter * static_cast<double>(text.size()); }

double longest(std::span<const std::string> names) {
  double width = 0;
  for (const auto& name : names) width = std::max(width, width_of(name));
  return width;
}

struct Axis {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double step = 1;

  void hold(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  /// Rounds the range outwards to steps of 1, 2 or 5 times a power of ten.
  void round() {
    if (!(low < high)) {
      low = std::isfinite(low) ? low - 0.5 : 0;
      high = low + 1;
    }
    const double rough = (high - low) / 5;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    step = rough / power < 1.5 ? power : rough / power < 3.5 ? 2 * power : rough / power < 7.5 ? 5 * power : 10 * power;
    low = std::floor(low / step + 1e-9) * step;
    high = std::ceil(high / step - 1e-9) * step;
  }
  int digits() const { return step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(step) - 1e-9)); }
};

}  // namespace

std::string heat_map_svg(const std::string& title, std::span<const std::string> row_names,
                         std::span<const std::string> column_names, const Eigen::MatrixXd& values) {
  assert(values.rows() == static_cast<Eigen::Index>(row_names.size()));
  assert(values.cols() == static_cast<Eigen::Index>(column_names.size()));
  const double size = 36;
  const double left = 16 + longest(row_names);
  const double top = 40 + longest(column_names);
  Picture picture(std::max(left + size * static_cast<double>(values.cols()), width_of(title)) + 20,
                  top + size * static_cast<double>(values.rows()) + 20, title);
  for (Eigen::Index k = 0; k < values.cols(); ++k) {
    picture.turned_label(left + size * (static_cast<double>(k) + 0.6), top - 8,
                         column_names[static_cast<std::size_t>(k)], "start");
  }
  for (Eigen::Index i = 0; i < values.rows(); ++i) {
    const double y = top + size * static_cast<double>(i);
    picture.label(left - 8, y + size / 2 + 4, row_names[static_cast<std::size_t>(i)], "end");
    for (Eigen::Index k = 0; k < values.cols(); ++k) {
      const double x = left + size * static_cast<double>(k);
      picture.field(x, y, size, colour_of(values(i, k)));
      const bool known = !std::isnan(values(i, k));
      picture.label(x + size / 2, y + size / 2 + 4, known ? fixed(values(i, k), 2) : "-", "middle");
    }
  }
  return std::move(picture).finish();
}

std::string line_chart_svg(const std::string& title, const std::string& x_name, const std::string& y_name,
                           std::span<const ChartLine> lines) {
  const double width = 640;
  const double height = 400;
  const double right = 24;
  const double top = 32;
  const double bottom = 48;
  Axis x_axis;
  Axis y_axis;
  std::vector<std::string> names;
  std::size_t most_dots = 0;
  for (const auto& line : lines) {
    assert(line.x.size() == line.y.size());
    assert(line.deviation.empty() || line.deviation.size() == line.y.size());
    names.push_back(line.name);
    if (line.dots) most_dots = std::max(most_dots, line.x.size());
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      if (!std::isfinite(line.x[i]) || !std::isfinite(line.y[i])) continue;
      const double bar = line.deviation.empty() || !std::isfinite(line.deviation[i]) ? 0 : line.deviation[i];
      x_axis.hold(line.x[i]);
      y_axis.hold(line.y[i] - bar);
      y_axis.hold(line.y[i] + bar);
    }
  }
  x_axis.round();
  y_axis.round();
  // Room for the numbers beside the axis, and its name beside them.
  const double left = std::max(
      64.0, 34 + std::max(width_of(fixed(y_axis.low, y_axis.digits())), width_of(fixed(y_axis.high, y_axis.digits()))));
  const double legend = 40 + longest(names);
  double radius = most_dots > 200 ? 1.5 : 3.5;
  Picture picture(width + legend, height, title);
  const auto to_x = [&](double x) {
    return left + (x - x_axis.low) / (x_axis.high - x_axis.low) * (width - left - right);
  };
  const auto to_y = [&](double y) {
    return height - bottom - (y - y_axis.low) / (y_axis.high - y_axis.low) * (height - top - bottom);
  };
  for (int i = 0; x_axis.low + i * x_axis.step <= x_axis.high + x_axis.step / 2; ++i) {
    const double x = x_axis.low + i * x_axis.step;
    picture.line({{to_x(x), to_y(y_axis.low)}, {to_x(x), to_y(y_axis.high)}}, "#dddddd", 1);
    picture.label(to_x(x), height - bottom + 16, fixed(x, x_axis.digits()), "middle");
  }
  for (int i = 0; y_axis.low + i * y_axis.step <= y_axis.high + y_axis.step / 2; ++i) {
    const double y = y_axis.low + i * y_axis.step;
    picture.line({{to_x(x_axis.low), to_y(y)}, {to_x(x_axis.high), to_y(y)}}, "#dddddd", 1);
    picture.label(left - 6, to_y(y) + 4, fixed(y, y_axis.digits()), "end");
  }
  picture.label((left + width - right) / 2, height - 12, x_name, "middle");
  picture.turned_label(16, (top + height - bottom) / 2, y_name, "middle");
  for (std::size_t l = 0; l < lines.size(); ++l) {
    const ChartLine& line = lines[l];
    const std::string colour = line_colours[l % line_colours.size()];
    const std::string dashes = l < line_colours.size() ? "" : " stroke-dasharray=\"6 3\"";  // the colours again
    std::vector<std::pair<double, double>> points;
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      if (!std::isfinite(line.x[i]) || !std::isfinite(line.y[i])) continue;
      const double x = to_x(line.x[i]);
      if (line.steps && !points.empty()) points.emplace_back(x, points.back().second);
      points.emplace_back(x, to_y(line.y[i]));
      if (!line.deviation.empty() && std::isfinite(line.deviation[i])) {
        picture.line({{x, to_y(line.y[i] - line.deviation[i])}, {x, to_y(line.y[i] + line.deviation[i])}}, colour, 1);
      }
    }
    const double y = top + 20 * static_cast<double>(l + 1);
    if (line.dots) {
      picture.dots(points, radius, colour);
      picture.dots({{width + 10, y - 4}}, 3.5, colour);
      radius *= 0.85;  // those of the next lie on them and hide none
    } else {
      picture.line(points, colour, 2, dashes);
      picture.line({{width, y - 4}, {width + 20, y - 4}}, colour, 2, dashes);
    }
    picture.label(width + 26, y, line.name, "start");
  }
  return std::move(picture).finish();
}

}  // namespace oneproxy
