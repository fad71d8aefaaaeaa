#include "oneproxy/report/result_files.hpp"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "json_parts.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/report/text_plot.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;

json network_json(const FrontNetwork& network, const RunResult& r) {
  const SearchSpace& space = *r.space;
  json result{{"architecture", space.to_json(network.measured.architecture)},
              {"text", space.text(network.measured.architecture)},
              {"predicted_accuracy", network.predicted_accuracy},
              {"accuracy", network.accuracy ? *network.accuracy : network.predicted_accuracy},
              {"accuracy_is", network.accuracy ? "measured" : "predicted"},
              {"predicted_latency", network.predicted_latency_ms},
              {"latency_ms", latency_json(network.measured)}};
  if (network.interval) {
    result["predicted_interval"] = {{"low", network.interval->low}, {"high", network.interval->high}};
  }
  for (std::size_t m = 0; m < network.metrics.size(); ++m) {
    const auto& [predicted, interval, measured] = network.metrics[m];
    json& metric = result["metrics"][r.metrics[m]] = {{"predicted", predicted}, {"measured", measured}};
    if (interval) metric["predicted_interval"] = {{"low", interval->low}, {"high", interval->high}};
  }
  if (!network.onnx.empty()) result["onnx"] = network.onnx;
  return result;
}

std::string format(const char* pattern, auto... values) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string interval_text(const SrccEstimate& estimate) {
  return format("%.3f (%.0f%% interval %.3f to %.3f, %zu networks)", estimate.srcc, 100 * estimate.confidence,
                estimate.low, estimate.high, estimate.sample_count);
}

std::string front_plot(const RunResult& r) {
  std::vector<double> x[2];
  std::vector<double> y[2];
  for (int kind = 0; kind < 2; ++kind) {
    for (const auto& n : kind == 0 ? r.front : r.removed) {
      x[kind].push_back(n.measured.median_ms);
      y[kind].push_back(n.accuracy.value_or(n.predicted_accuracy));
    }
  }
  const PlotPoints kinds[] = {{'*', x[0], y[0]}, {'.', x[1], y[1]}};
  return text_plot(kinds, 64, 12, "median ms", r.removed.empty() ? "accuracy %" : "accuracy %   . dominated");
}

double accuracy_of(const FrontNetwork& network) { return network.accuracy.value_or(network.predicted_accuracy); }

}  // namespace

json result_json(const RunResult& r, const Versions& versions) {
  json result{{"format", "oneproxy-result"},
              {"format_version", 1},
              {"space", r.space->description()},
              {"proxy", r.proxy},
              {"target", r.target},
              {"method", r.method},
              {"seed", r.seed},
              {"decision", r.decision},
              {"why", r.why},
              {"srcc", {{"before", srcc_json(r.before)}, {"after", srcc_json(r.after)}}},
              {"repeatability_srcc", r.repeatability_srcc ? finite_json(*r.repeatability_srcc) : json(nullptr)}};
  // Lambda is infinite where validation preferred the proxy as it is.
  result["lambda"] = !r.lambda ? json(nullptr) : std::isfinite(*r.lambda) ? json(*r.lambda) : json("infinity");
  result["expected_front"] = r.expected_front ? json(*r.expected_front) : json(nullptr);
  result["samples"] = json::array();
  for (const Sample& sample : r.samples) {
    result["samples"].push_back({{"text", r.space->text(sample.measured.architecture)},
                                 {"proxy_latency", sample.proxy_ms},
                                 {"predicted_latency", sample.predicted_ms},
                                 {"latency_ms", latency_json(sample.measured)}});
  }
  result["front"] = json::array();
  for (const auto& network : r.front) result["front"].push_back(network_json(network, r));
  result["removed"] = json::array();
  for (const auto& network : r.removed) result["removed"].push_back(network_json(network, r));
  result["limits"] = json::array();
  for (const auto& limit : r.limits) {
    json answer{{"limit_ms", limit.limit_ms}, {"front_index", nullptr}};
    if (limit.network) answer["front_index"] = *limit.network;
    if (!limit.why_not.empty()) answer["why_not"] = limit.why_not;
    if (limit.promise) {
      answer["promise"] = {{"probability", limit.promise->probability}, {"measured", limit.promise->measured_ms}};
    }
    result["limits"].push_back(std::move(answer));
  }
  for (const auto& [step, seconds] : r.seconds) result["seconds"][step] = seconds;
  result["cost"] = cost_json(r);
  if (r.evidence) add_evidence(result, r);
  const MachineFacts& f = r.facts;
  result["machine"] = {{"cpu", f.cpu}, {"cores", f.cores},       {"memory_gb", f.memory_gb}, {"os", f.os},
                       {"isa", f.isa}, {"governor", f.governor}, {"engine", f.engine}};
  for (const auto& [name, version] : versions) result["versions"][name] = version;
  result["written"] = utc_now();
  return result;
}

std::string front_csv(const RunResult& r) {
  std::string csv =
      "on_front,accuracy,accuracy_is,predicted_accuracy,mean_ms,median_ms,p90_ms,stddev_ms,runs,predicted_ms,"
      "predicted_low_ms,predicted_high_ms,";
  for (const auto& metric : r.metrics) csv += metric + ",predicted_" + metric + ',';
  csv += "architecture,onnx\n";
  const auto rows = [&](const std::vector<FrontNetwork>& networks, int on_front) {
    for (const auto& n : networks) {
      csv += format("%d,%.4f,%s,%.4f,%.6f,%.6f,%.6f,%.6f,%lld,%.6f,", on_front, accuracy_of(n),
                    n.accuracy ? "measured" : "predicted", n.predicted_accuracy, n.measured.mean_ms,
                    n.measured.median_ms, n.measured.p90_ms, n.measured.stddev_ms,
                    static_cast<long long>(n.measured.runs), n.predicted_latency_ms);
      csv += n.interval ? format("%.6f,%.6f,", n.interval->low, n.interval->high) : ",,";
      for (const auto& metric : n.metrics) csv += format("%.6f,%.6f,", metric.measured, metric.predicted);
      csv += r.space->text(n.measured.architecture) + ',' + n.onnx + '\n';
    }
  };
  rows(r.front, 1);
  rows(r.removed, 0);
  return csv;
}

std::string summary_text(const RunResult& r) {
  std::string text = "space    " + r.space->description() + "\ntarget   " + r.target + "\nproxy    " + r.proxy + "\n\n";
  text += "SRCC of proxy and target        " + interval_text(r.before) + '\n';
  if (r.after && (r.lambda || r.method == "posterior"))
    text += "SRCC of adapted proxy, target   " + interval_text(*r.after) + '\n';
  if (r.repeatability_srcc) {
    text += format("SRCC of target with itself      %.3f\n", *r.repeatability_srcc);
  }
  text += r.why + "\n\n";
  text += format("%zu networks on the measured front, %zu proposed ones were dominated there.\n\n", r.front.size(),
                 r.removed.size());
  if (r.front.size() > 1) text += front_plot(r) + '\n';
  const bool intervals = !r.front.empty() && r.front.front().interval;
  text += format("    accuracy %%   median ms     p90 ms  predicted ms%s  architecture\n",
                 intervals ? "  (90% of measurements)" : "");
  for (std::size_t i = 0; i < r.front.size(); ++i) {
    const auto& n = r.front[i];
    const std::string p90 = claims_p90(n.measured) ? format("%10.4f", n.measured.p90_ms) : "         -";
    text += format("%2zu  %9.2f%s  %10.4f %s  %12.4f  ", i + 1, accuracy_of(n), n.accuracy ? " " : "*",
                   n.measured.median_ms, p90.c_str(), n.predicted_latency_ms);
    for (std::size_t m = 0; m < n.metrics.size(); ++m) {
      text += r.metrics[m] + format(" %.4g  ", n.metrics[m].measured);
    }
    if (n.interval) text += format("(%9.4f to %8.4f)  ", n.interval->low, n.interval->high);
    text += r.space->text(n.measured.architecture) + '\n';
  }
  bool predicted = false;
  for (const auto& n : r.front) predicted = predicted || !n.accuracy;
  if (predicted) text += "* predicted\n";
  for (const auto& limit : r.limits) {
    text += format("\nlimit %g ms: ", limit.limit_ms);
    text += limit.network ? format("network %zu", *limit.network + 1) : limit.why_not;
    if (limit.promise) {
      text += format("; the first one found was to meet it with probability %.2f, and took %.4g ms",
                     limit.promise->probability, limit.promise->measured_ms);
    }
  }
  if (!r.limits.empty()) text += '\n';
  text += "\nseconds:";
  double total = 0;
  for (const auto& [step, seconds] : r.seconds) {
    text += format(" %s %.1f,", step.c_str(), seconds);
    total += seconds;
  }
  text += format(" together %.1f\n", total);
  text += "machine: " + r.facts.cpu + format(", %d cores, ", r.facts.cores) + r.facts.os + ", " + r.facts.engine + '\n';
  return text;
}

void write_result_files(const std::filesystem::path& folder, const RunResult& result, const Versions& versions) {
  write_file(folder / "front.csv", front_csv(result));
  write_file(folder / "summary.txt", summary_text(result));
  write_file(folder / "result.json", result_json(result, versions).dump(2) + '\n');
}

}  // namespace oneproxy
