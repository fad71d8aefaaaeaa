#include "json_parts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "oneproxy/measure/protocol.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;

json proposals_json(const std::vector<Proposal>& proposals, const SearchSpace& space) {
  json list = json::array();
  for (const auto& p : proposals) {
    list.push_back({{"text", space.text(p.architecture)}, {"accuracy", p.accuracy}, {"latency_ms", p.latency_ms}});
  }
  return list;
}

json layers_json(const LayerProfile& profile) {
  if (profile.networks.empty()) return {{"why_not", profile.why_not}};
  json networks = json::array();
  for (const auto& layers : profile.networks) {
    auto& network = networks.emplace_back(json::array());
    for (const auto& layer : layers) {
      network.push_back({{"layer", layer.layer}, {"ms", layer.ms}});
      if (!layer.limits_ms.empty()) network.back()["bottleneck"] = layer.bottleneck();
    }
  }
  return {{"origin", profile.origin}, {"networks", std::move(networks)}};
}

}  // namespace

json finite_json(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

json srcc_json(const std::optional<SrccEstimate>& estimate) {
  if (!estimate) return nullptr;
  return {{"srcc", finite_json(estimate->srcc)},
          {"low", estimate->low},
          {"high", estimate->high},
          {"confidence", estimate->confidence},
          {"samples", estimate->sample_count}};
}

json latency_json(const Measurement& m) {
  json latency{{"mean", m.mean_ms}, {"median", m.median_ms},      {"p90", m.p90_ms}, {"stddev", m.stddev_ms},
               {"runs", m.runs},    {"stopped_by", m.stopped_by}, {"when", m.when},  {"claims_p90", claims_p90(m)}};
  std::vector<float> raw = m.raw_ms;
  std::ranges::sort(raw);
  if (raw.empty()) return latency;
  // Summaries may be corrected for what slowed everything down, the runs are as measured: the interval is corrected
  // alike.
  const double mean = std::accumulate(raw.begin(), raw.end(), 0.0) / static_cast<double>(raw.size());
  const auto [low, high] = median_interval_95(raw);
  if (std::isfinite(low)) {
    latency["median_low"] = low * m.mean_ms / mean;
    latency["median_high"] = high * m.mean_ms / mean;
  }
  return latency;
}

json cost_json(const RunResult& r) {
  const std::size_t repeats = r.evidence ? r.evidence->repeats.size() : 0;
  double seconds = 0;
  for (const auto& [step, took] : r.seconds) {
    if (step == "samples" || step == "repeatability" || step == "front") seconds += took;
  }
  json cost{{"networks", r.samples.size() + repeats + r.front.size() + r.removed.size()}, {"seconds", seconds}};
  const std::size_t own = r.evidence ? r.evidence->proxy_networks : 0;
  cost["own_predictor_networks"] = own > 0 ? json(own) : json(nullptr);
  return cost;
}

void add_evidence(json& result, const RunResult& r) {
  const Evidence& e = *r.evidence;
  result["predicted"] = proposals_json(e.predicted, *r.space);
  result["proxy_only"] = proposals_json(e.proxy_only, *r.space);
  result["repeats"] = json::array();
  for (const auto& [first, again] : e.repeats) {
    result["repeats"].push_back(
        {{"text", r.space->text(first.architecture)}, {"first", latency_json(first)}, {"again", latency_json(again)}});
  }
  json srcc = json::array();
  for (const auto& row : e.devices.srcc) {
    auto& line = srcc.emplace_back(json::array());
    for (const double value : row) line.push_back(finite_json(value));
  }
  result["devices"] = {{"names", e.devices.names}, {"srcc", std::move(srcc)}};
  result["srcc_by_samples"] = json::array();
  for (const auto& estimate : e.estimates) {
    result["srcc_by_samples"].push_back({{"samples", estimate.before.sample_count},
                                         {"before", srcc_json(estimate.before)},
                                         {"after", srcc_json(estimate.after)}});
  }
  for (std::size_t i = 0; i < e.flops.size(); ++i) {
    result["samples"][i]["flops"] = e.flops[i];
    result["samples"][i]["bytes"] = e.bytes[i];
  }
  result["roof"] = nullptr;
  if (e.roof) {
    result["roof"] = {{"gflops", e.roof->gflops},
                      {"gbytes_per_s", e.roof->memory_gbytes_per_s},
                      {"cache_gbytes_per_s", e.roof->cache_gbytes_per_s},
                      {"origin", e.roof->origin}};
  }
  result["layers"] = layers_json(e.layers);
}

}  // namespace oneproxy
