#include "oneproxy/measure/json.hpp"

#include <nlohmann/json.hpp>

namespace oneproxy {

void to_json(nlohmann::json& json, const Protocol& protocol) {
  json = {{"warmup_runs", protocol.warmup_runs},
          {"min_runs", protocol.min_runs},
          {"relative_tolerance", protocol.relative_tolerance},
          {"budget_ms", protocol.budget_ms},
          {"pin_core", protocol.pin_core},
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

}  // namespace oneproxy
