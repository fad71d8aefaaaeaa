#include "operator_csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

constexpr const char* header = "operator,latency_ms,deviation_ms,count";

std::string field(double value) {
  if (!std::isfinite(value)) return "";
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace

void write_operator_csv(const std::filesystem::path& file, const std::vector<OperatorLatency>& table) {
  std::string text = std::string(header) + "\n";
  for (const auto& entry : table) {
    std::string key = entry.key;
    std::ranges::replace(key, '\n', ' ');
    for (std::size_t quote = key.find('"'); quote != std::string::npos; quote = key.find('"', quote + 2)) {
      key.insert(quote, 1, '"');
    }
    if (key.find_first_of(",\"") != std::string::npos) key = '"' + key + '"';
    text += key + ',' + field(entry.latency_ms) + ',' + field(entry.deviation_ms) + ',' + field(entry.count) + '\n';
  }
  write_file(file, text);
}

std::vector<OperatorLatency> read_operator_csv(const std::string& content, const std::string& name) {
  std::istringstream lines(content);
  std::vector<OperatorLatency> table;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string where = name + ", line " + std::to_string(++number);
    if (line.ends_with('\r')) line.pop_back();
    if (number == 1) {
      if (line != header) throw InputError(where, std::string("expected the columns ") + header);
      continue;
    }
    if (line.empty()) continue;
    // The numbers hold no commas, so they are taken from the end and the rest is the key.
    const auto take = [&](const char* column, bool optional) {
      const auto comma = line.rfind(',');
      if (comma == std::string::npos) throw InputError(where, "expected four fields");
      const std::string text = line.substr(comma + 1);
      line.resize(comma);
      double value = std::numeric_limits<double>::quiet_NaN();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      const bool is_number = error == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
      if (!is_number && !(text.empty() && optional)) {
        throw InputError(where + ", column " + column, "'" + text.substr(0, 100) + "' is not a finite number");
      }
      return value;
    };
    const double count = take("count", true);
    const double deviation_ms = take("deviation_ms", true);
    const double latency_ms = take("latency_ms", false);
    std::string key = line;
    if (key.size() >= 2 && key.starts_with('"') && key.ends_with('"')) {
      key = key.substr(1, key.size() - 2);
      for (auto quote = key.find("\"\""); quote != std::string::npos; quote = key.find("\"\"", quote + 1)) {
        key.erase(quote, 1);
      }
    }
    if (key.empty()) throw InputError(where + ", column operator", "expected a key");
    table.push_back({std::move(key), latency_ms, deviation_ms, count});
  }
  return table;
}

}  // namespace oneproxy
