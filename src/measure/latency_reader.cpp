#include "latency_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t longest_line = 4096;  // std::regex recurses with the length of what it matches
#define ONEPROXY_NUMBER "([-+0-9.eEinfaINFA]+)"

/// The words before a number and its unit, as these programs print them. What sums up better (a median) stands first.
struct ReadyPattern {
  const char* name;
  struct {
    const char* regex;
    double ms_per_unit;
    bool first;  // of several; else there must be one
  } steady[3];
  const char* cold;
  double cold_ms_per_unit;
};

const ReadyPattern ready[] = {
    {"tflite",
     {{"Inference timings in us:.*Inference \\(avg\\): " ONEPROXY_NUMBER, 1e-3, false},
      {"Average inference timings in us:.*no stats: " ONEPROXY_NUMBER, 1e-3, false},
      {}},
     "Inference timings in us:.*First inference: " ONEPROXY_NUMBER,
     1e-3},
    {"onnxruntime_perf_test",
     {{"P50 Latency(?: is|:) *" ONEPROXY_NUMBER " *s", 1e3, false},
      {"Average(?: inference)? time cost(?: total)?: *" ONEPROXY_NUMBER " *ms", 1, true},
      {}},
     nullptr,
     1},
    {"benchncnn", {{"min = *[-0-9.]+ +max = *[-0-9.]+ +avg = *" ONEPROXY_NUMBER, 1, false}, {}, {}}, nullptr, 1},
    {"trtexec",
     {{"(?:^|\\] )Latency: .*median = *" ONEPROXY_NUMBER " ms", 1, false},
      {"(?:^|\\] )median: " ONEPROXY_NUMBER " ms \\(end to end", 1, true},
      {}},
     nullptr,
     1},
    {"openvino",
     {{"Median: +" ONEPROXY_NUMBER " ms", 1, false}, {"Latency: +" ONEPROXY_NUMBER " ms", 1, false}, {}},
     "First inference took +" ONEPROXY_NUMBER " ms",
     1},
};

double ms_per(const std::string& unit) {
  if (unit == "ms") return 1;
  if (unit == "us") return 1e-3;
  if (unit == "ns") return 1e-6;
  if (unit == "s") return 1e3;
  throw InputError("command, setting unit", "'" + unit + "' is not one of ms, us, ns, s");
}

double latency(const std::string& text, double ms_per_unit) {
  double value = 0;
  const char* const begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  const double ms = value * ms_per_unit;
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(ms) || !(ms > 0)) {
    throw InputError("'" + text + "' is not a latency (> 0)");
  }
  return ms;
}

}  // namespace

const std::vector<std::string>& LatencyReader::names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& pattern : ready) all.emplace_back(pattern.name);
    return all;
  }();
  return names;
}

LatencyReader::LatencyReader(const std::string& how, const std::string& unit) : how_(how) {
  constexpr std::string_view prefix = "regex:";
  if (how.starts_with(prefix)) {
    try {
      steady_.push_back({std::regex(how.substr(prefix.size())), ms_per(unit), Expression::Take::all});
    } catch (const std::regex_error& error) {
      throw InputError("command, setting read", std::string("not a regular expression: ") + error.what());
    }
    if (steady_.front().regex.mark_count() == 0) {
      throw InputError("command, setting read", "the expression has no group; expected (...) around the latency");
    }
    return;
  }
  const auto* const found = std::ranges::find(ready, how, &ReadyPattern::name);
  if (found == std::end(ready)) {
    std::string expected;
    for (const auto& name : names()) expected += name + ", ";
    throw InputError("command, setting read",
                     "'" + how + "' is not one of " + expected + "regex:EXPRESSION" + suggestion(how, names()));
  }
  if (!unit.empty() && unit != "ms") {
    throw InputError("command, setting unit", "belongs to read=\"regex:...\"; " + how + " knows its unit");
  }
  for (const auto& [regex, ms_per_unit, first] : found->steady) {
    if (regex == nullptr) break;
    steady_.push_back({std::regex(regex), ms_per_unit, first ? Expression::Take::first : Expression::Take::only});
  }
  if (found->cold != nullptr) cold_ = {std::regex(found->cold), found->cold_ms_per_unit, Expression::Take::first};
}

std::vector<double> LatencyReader::find(std::string_view output, const Expression& expression) const {
  std::vector<double> found;
  while (!output.empty()) {
    const auto end = output.find_first_of("\r\n");
    const std::string line(output.substr(0, std::min(end, longest_line)));
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    // From the end of one match on, since a program may print several runs in a line.
    for (std::sregex_iterator match(line.begin(), line.end(), expression.regex), none; match != none; ++match) {
      found.push_back(latency((*match)[1].str(), expression.ms_per_unit));
      if (expression.take == Expression::Take::first) return found;
    }
  }
  if (expression.take == Expression::Take::only && found.size() > 1) {
    throw InputError("prints " + std::to_string(found.size()) + " latencies; expected that of one network");
  }
  return found;
}

ReadLatencies LatencyReader::read(std::string_view output) const {
  ReadLatencies latencies;
  for (const auto& expression : steady_) {
    latencies.ms = find(output, expression);
    if (!latencies.ms.empty()) break;
  }
  if (latencies.ms.empty()) throw InputError("prints no latency that read=" + how_ + " finds");
  if (cold_) {
    if (const auto cold = find(output, *cold_); !cold.empty()) latencies.cold_ms = cold.front();
  }
  return latencies;
}

}  // namespace oneproxy
