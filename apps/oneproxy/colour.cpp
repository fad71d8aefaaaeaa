#include "colour.hpp"

#include <sstream>
#include <string_view>

#include "cli.hpp"

namespace oneproxy::cli {
namespace {

constexpr const char* green = "\033[32m";
constexpr const char* cyan = "\033[36m";
constexpr const char* strong = "\033[1m";
constexpr const char* plain = "\033[0m";

std::string in_colour(const char* colour, std::string_view text) { return colour + std::string(text) + plain; }

/// A line of the plot: its marks.
std::string plot_line(const std::string& line, std::size_t edge) {
  std::string result = line.substr(0, edge + 1);
  for (const char c : line.substr(edge + 1)) result += c == '*' ? in_colour(green, "*") : std::string(1, c);
  return result;
}

}  // namespace

std::string coloured_summary(const std::string& summary) {
  if (!colour_wanted()) return summary;
  std::istringstream lines(summary);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    const auto edge = line.find('|');
    if (edge != std::string::npos && line.find_first_not_of(" 0123456789.e+-") == edge) {
      line = plot_line(line, edge);
    } else if (line.starts_with("    accuracy %")) {
      line = in_colour(strong, line);
    } else if (line.starts_with("limit ")) {
      line = in_colour(strong, line.substr(0, line.find(':') + 1)) + line.substr(line.find(':') + 1);
    } else {
      for (const char* label : {"space ", "target ", "proxy ", "seconds:", "machine:"}) {
        if (line.starts_with(label)) line = in_colour(cyan, label) + line.substr(std::string_view(label).size());
      }
    }
    result += line + '\n';
  }
  return result;
}

}  // namespace oneproxy::cli
