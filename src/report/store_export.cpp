#include "oneproxy/report/store_export.hpp"

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "oneproxy/measure/json.hpp"

namespace oneproxy {
namespace {

std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

/// The shortest text that reads back as the same value.
std::string number(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::map<std::int64_t, const StoredRun*> by_id(std::span<const StoredRun> runs) {
  std::map<std::int64_t, const StoredRun*> found;
  for (const auto& run : runs) found[run.id] = &run;
  return found;
}

}  // namespace

std::string store_csv(std::span<const StoredRun> runs, std::span<const StoredMeasurement> measurements) {
  const auto run_of = by_id(runs);
  std::string csv =
      "run,space,device,role,architecture,mean_ms,median_ms,p90_ms,stddev_ms,runs,stopped_by,measured_at,core,cold_ms,"
      "drift,disturbed_runs\n";
  for (const auto& row : measurements) {
    const auto run = run_of.find(row.run);
    const Measurement& m = row.measurement;
    csv += std::to_string(row.run);
    csv += ',' + (run == run_of.end() ? "" : cell(run->second->settings.space));
    csv += ',' + (run == run_of.end() ? "" : cell(run->second->settings.device));
    csv += ',' + cell(row.role) + ',' + cell(row.architecture);
    for (const double value : {m.mean_ms, m.median_ms, m.p90_ms, m.stddev_ms}) csv += ',' + number(value);
    csv += ',' + std::to_string(m.runs) + ',' + cell(m.stopped_by) + ',' + cell(m.when) + ',' + std::to_string(m.core);
    csv += ',' + number(m.cold_ms) + ',' + number(m.drift) + ',' + std::to_string(m.disturbed_runs) + '\n';
  }
  return csv;
}

std::string store_jsonl(std::span<const StoredRun> runs, std::span<const StoredMeasurement> measurements) {
  const auto run_of = by_id(runs);
  std::string lines;
  for (const auto& row : measurements) {
    nlohmann::json json = row.measurement;
    json["run"] = row.run;
    json["role"] = row.role;
    json["architecture"] = row.architecture;
    if (const auto run = run_of.find(row.run); run != run_of.end()) {
      json["space"] = run->second->settings.space;
      json["device"] = run->second->settings.device;
    }
    lines += json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  }
  return lines;
}

}  // namespace oneproxy
