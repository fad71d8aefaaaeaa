#include "oneproxy/measure/json.hpp"

#include <nlohmann/json.hpp>

namespace oneproxy {

void to_json(nlohmann::json& json, const Protocol& protocol) {
  json = {{"warmup_runs", protocol.warmup_runs},
          {"min_runs", protocol.min_runs},
          {"relative_tolerance", protocol.relative_tolerance},
          {"budget_ms", protocol.budget_ms},
          {"pin_core", protocol.pin_core},
          {"reference_every", protocol.reference_every},
          {"hang_timeout_s", protocol.hang_timeout_s},
          {"seed", protocol.seed}};
}

void from_json(const nlohmann::json& json, Protocol& protocol) {
  const Protocol defaults;
  protocol.warmup_runs = json.value("warmup_runs", defaults.warmup_runs);
  protocol.min_runs = json.value("min_runs", defaults.min_runs);
  protocol.relative_tolerance = json.value("relative_tolerance", defaults.relative_tolerance);
  protocol.budget_ms = json.value("budget_ms", defaults.budget_ms);
  protocol.pin_core = json.value("pin_core", defaults.pin_core);
  protocol.reference_every = json.value("reference_every", defaults.reference_every);
  protocol.hang_timeout_s = json.value("hang_timeout_s", defaults.hang_timeout_s);
  protocol.seed = json.value("seed", defaults.seed);
}

void to_json(nlohmann::json& json, const MachineFacts& facts) {
  json = {{"cpu", facts.cpu}, {"cores", facts.cores},       {"memory_gb", facts.memory_gb}, {"os", facts.os},
          {"isa", facts.isa}, {"governor", facts.governor}, {"engine", facts.engine}};
}

void from_json(const nlohmann::json& json, MachineFacts& facts) {
  facts.cpu = json.value("cpu", "");
  facts.cores = json.value("cores", 0);
  facts.memory_gb = json.value("memory_gb", 0.0);
  facts.os = json.value("os", "");
  facts.isa = json.value("isa", "");
  facts.governor = json.value("governor", "");
  facts.engine = json.value("engine", "");
}

namespace {

nlohmann::json state_json(const SystemState& state) {
  return {{"load", state.load}, {"mhz", state.mhz}, {"celsius", state.celsius}};
}

SystemState read_state(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return {};
  return {found->value("load", -1.0), found->value("mhz", 0.0), found->value("celsius", 0.0)};
}

}  // namespace

nlohmann::json conditions(const Measurement& m) {
  return {{"cold_ms", m.cold_ms},  {"disturbed_runs", m.disturbed_runs}, {"reference_ms", m.reference_ms},
          {"drift", m.drift},      {"before", state_json(m.before)},     {"after", state_json(m.after)},
          {"outliers", m.outliers}};
}

void read_conditions(const nlohmann::json& json, Measurement& m) {
  m.cold_ms = json.value("cold_ms", 0.0);
  m.disturbed_runs = json.value("disturbed_runs", std::int64_t{0});
  m.reference_ms = json.value("reference_ms", 0.0);
  m.drift = json.value("drift", 1.0);
  m.before = read_state(json, "before");
  m.after = read_state(json, "after");
  m.outliers = json.value("outliers", std::vector<std::uint32_t>{});
}

void to_json(nlohmann::json& json, const Measurement& m) {
  json = {{"mean_ms", m.mean_ms},     {"median_ms", m.median_ms}, {"p90_ms", m.p90_ms},
          {"stddev_ms", m.stddev_ms}, {"runs", m.runs},           {"stopped_by", m.stopped_by},
          {"when", m.when},           {"core", m.core},           {"conditions", conditions(m)},
          {"raw_ms", m.raw_ms}};
}

void from_json(const nlohmann::json& json, Measurement& m) {
  m.mean_ms = json.value("mean_ms", 0.0);
  m.median_ms = json.value("median_ms", 0.0);
  m.p90_ms = json.value("p90_ms", 0.0);
  m.stddev_ms = json.value("stddev_ms", 0.0);
  m.runs = json.value("runs", std::int64_t{0});
  m.stopped_by = json.value("stopped_by", "");
  m.when = json.value("when", "");
  m.core = json.value("core", -1);
  read_conditions(json.value("conditions", nlohmann::json::object()), m);
  m.raw_ms = json.value("raw_ms", std::vector<float>{});
}

}  // namespace oneproxy
