#include <algorithm>
#include <charconv>
#include <cmath>

#include "oneproxy/base/file.hpp"
#include "oneproxy/data/operator_table.hpp"

namespace oneproxy {
namespace {

/// The shortest text that reads back as the same number, with a point, so that it is no whole number in YAML.
std::string decimal(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  std::string result(text, end);
  // YAML 1.1, which Python reads, takes 1e-05 for a text: a point is needed before the exponent.
  if (result.find('.') == std::string::npos) result.insert(std::min(result.find('e'), result.size()), ".0");
  return result;
}

}  // namespace

void write_operator_yaml(const std::filesystem::path& file, std::vector<OperatorLatency> table, OperatorSpread spread) {
  std::ranges::sort(table, {}, &OperatorLatency::key);
  std::string text;
  for (const auto& [key, latency_ms, deviation_ms, count] : table) {
    text += key + ":\n";
    if (std::isfinite(count)) text += "  count: " + std::to_string(std::llround(count)) + '\n';
    text += "  mean: " + decimal(latency_ms) + '\n';
    if (!std::isfinite(deviation_ms)) continue;
    const bool variance = spread == OperatorSpread::variance;
    text += std::string("  ") + (variance ? "var: " : "std: ") +
            decimal(variance ? deviation_ms * deviation_ms : deviation_ms) + '\n';
  }
  write_file(file, text);
}

}  // namespace oneproxy
