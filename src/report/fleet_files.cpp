#include "oneproxy/report/fleet_files.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;

json finite(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

/// Values of many devices, told by their deciles.
class Deciles {
 public:
  void add(const json& value) {
    if (value.is_number()) values_.push_back(value.get<double>());
  }
  json to_json() {
    std::ranges::sort(values_);
    json deciles = json::array();
    for (std::size_t tenth = 0; tenth <= 10 && !values_.empty(); ++tenth) {
      deciles.push_back(values_[(values_.size() - 1) * tenth / 10]);
    }
    return {{"devices", values_.size()}, {"deciles", deciles}};
  }

 private:
  std::vector<double> values_;
};

struct Cluster {
  std::size_t device_count = 0;
  double lowest_srcc = 1;
  Deciles front;
  json proxy_front = json::array();
};

std::vector<double> read_accuracies(const std::filesystem::path& file, std::size_t count) {
  std::ifstream in(file);
  std::vector<double> accuracies;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const std::size_t comma = line.find(',');
    if (comma == std::string::npos) break;
    accuracies.push_back(std::strtod(line.c_str() + comma + 1, nullptr));
  }
  if (accuracies.size() != count) {
    throw InputError(file.string(),
                     "expected " + std::to_string(count) + " networks, found " + std::to_string(accuracies.size()));
  }
  return accuracies;
}

json distribution_json(const SrccDistribution& d) {
  return {{"pairs", d.pair_count}, {"quantiles", d.quantiles}, {"share_above", d.share_above}};
}

/// Sums up devices.jsonl line by line.
class Totals {
 public:
  Totals(const FleetProblem& problem, const FleetFindings& findings, std::vector<double> accuracies)
      : problem_(problem), findings_(findings), accuracies_(std::move(accuracies)) {
    clusters_.resize(findings.cover.steps.size());
  }

  void add(const json& line) {
    const auto text = [&](const char* field) { return line.at(field).get<std::string>(); };
    ++sources_[text("source")];
    const bool monotone = text("decision") == "monotone";
    auto& [nearest, monotone_count] = proxies_[text("proxy")];
    ++nearest;
    monotone_count += monotone ? 1 : 0;
    ++decisions_[text("decision")];
    measurements_ += line.at("samples").get<std::size_t>();
    const json& srcc = line.at("srcc");
    before_.add(srcc.at("before"));
    if (!srcc.at("after").is_null()) adapted_before_.add(srcc.at("before"));
    adapted_after_.add(srcc.at("after"));
    cluster_front_.add(line.at("cluster_front"));
    if (const auto truth = line.find("truth"); truth != line.end()) {
      for (const auto& [name, value] : truth->items()) truth_[name].add(value);
    }
    add_to_cluster(line);
    add_limits(line.at("limits"));
  }

  std::size_t measurements() const { return measurements_; }

  void write(json& result) {
    result["devices"] = sources_;
    result["decisions"] = decisions_;
    result["measurements"] = measurements_;
    result["known_proxies"] = json::array();
    for (const auto& proxy : problem_.proxies) {
      const auto [nearest, monotone] = proxies_[proxy.name];
      result["known_proxies"].push_back({{"name", proxy.name}, {"nearest", nearest}, {"monotone", monotone}});
    }
    result["srcc"] = {{"before", before_.to_json()},
                      {"adapted_before", adapted_before_.to_json()},
                      {"adapted_after", adapted_after_.to_json()}};
    result["cluster_front"] = cluster_front_.to_json();
    result["truth"] = nullptr;
    for (auto& [name, deciles] : truth_) result["truth"][name] = deciles.to_json();
    result["clusters"] = json::array();
    for (std::size_t k = 0; k < clusters_.size(); ++k) {
      const auto proxy = findings_.cover.steps[k].proxy;
      result["clusters"].push_back({{"proxy", problem_.samples.devices[proxy].name},
                                    {"proxy_index", proxy},
                                    {"devices", clusters_[k].device_count},
                                    {"lowest_srcc", clusters_[k].lowest_srcc},
                                    {"cluster_front", clusters_[k].front.to_json()["deciles"]},
                                    {"front", clusters_[k].proxy_front}});
    }
    result["limits"] = json::array();
    for (auto& limit : limits_) {
      json row = limit.accuracy.to_json();
      row["limit_ms"] = limit.limit_ms;
      result["limits"].push_back(row);
    }
  }

 private:
  struct Limit {
    json limit_ms;  // null where the devices' differ
    Deciles accuracy;
  };

  double accuracy_of(const json& network) const { return accuracies_.at(network.get<std::size_t>()); }

  void add_to_cluster(const json& line) {
    const auto k = line.at("cluster").get<std::size_t>();
    Cluster& cluster = clusters_.at(k);
    ++cluster.device_count;
    if (line.at("cluster_srcc").is_number()) {
      cluster.lowest_srcc = std::min(cluster.lowest_srcc, line.at("cluster_srcc").get<double>());
    }
    cluster.front.add(line.at("cluster_front"));
    if (line.at("index").get<std::size_t>() != findings_.cover.steps[k].proxy) return;
    for (const auto& point : line.at("front")) {
      cluster.proxy_front.push_back({point.at(0), point.at(1), accuracy_of(point.at(0))});
    }
  }

  void add_limits(const json& limits) {
    if (limits_.empty()) limits_.resize(limits.size());
    for (std::size_t i = 0; i < std::min(limits.size(), limits_.size()); ++i) {
      Limit& limit = limits_[i];
      if (sources_total_ == 0) limit.limit_ms = limits[i].at(0);
      if (limit.limit_ms != limits[i].at(0)) limit.limit_ms = nullptr;
      if (!limits[i].at(1).is_null()) limit.accuracy.add(accuracy_of(limits[i].at(1)));
    }
    ++sources_total_;
  }

  const FleetProblem& problem_;
  const FleetFindings& findings_;
  std::vector<double> accuracies_;
  std::map<std::string, std::size_t> sources_;
  std::size_t sources_total_ = 0;
  std::map<std::string, std::size_t> decisions_;
  std::map<std::string, std::pair<std::size_t, std::size_t>> proxies_;  // nearest to, monotone to
  std::size_t measurements_ = 0;
  Deciles before_;
  Deciles adapted_before_;
  Deciles adapted_after_;
  Deciles cluster_front_;
  std::map<std::string, Deciles> truth_;
  std::vector<Cluster> clusters_;
  std::vector<Limit> limits_;
};

void read_devices(const std::filesystem::path& file, std::size_t device_count, Totals& totals) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);  // the header
  std::size_t count = 0;
  for (; std::getline(in, line); ++count) {
    try {
      totals.add(json::parse(line));
    } catch (const json::exception&) {
      throw InputError(file.string() + ", line " + std::to_string(count + 2),
                       "is not a device as docs/formats/fleet.md says");
    }
  }
  if (count != device_count) {
    throw InputError(file.string(),
                     "expected " + std::to_string(device_count) + " devices, found " + std::to_string(count));
  }
}

}  // namespace

json fleet_json(const std::filesystem::path& folder, const FleetProblem& problem, const FleetOptions& options,
                const FleetFindings& findings) {
  const std::size_t device_count = problem.samples.devices.size();
  json result{
      {"format", "oneproxy-fleet-result"},
      {"format_version", 1},
      {"space", problem.space->description()},
      {"seed", options.seed},
      {"threshold", options.threshold},
      {"method", problem.posterior != nullptr ? "posterior" : "eqn3"},
      {"device_count", device_count},
      {"network_count", findings.network_count},
      {"limits_are", options.limits_ms.empty() ? "spread over each device's front" : "the same for every device"}};
  result["samples"] = json::array();
  for (const auto& x : problem.samples.architectures) result["samples"].push_back(problem.space->text(x));
  Totals totals(problem, findings, read_accuracies(folder / "networks.csv", findings.network_count));
  read_devices(folder / "devices.jsonl", device_count, totals);
  totals.write(result);

  const auto& candidates = findings.cover.candidates;
  result["coverage"] = json::array();
  for (const auto& step : findings.cover.steps) {
    result["coverage"].push_back(
        {{"proxy", problem.samples.devices[step.proxy].name},
         {"gained", step.gained},
         {"covered", step.covered},
         {"share", static_cast<double>(step.covered) / static_cast<double>(candidates.size())}});
  }
  const MonotonicitySummary& m = findings.monotonicity;
  json blocks = json::array();
  for (Eigen::Index i = 0; i < m.blocks.rows(); ++i) {
    json row = json::array();
    for (Eigen::Index j = 0; j < m.blocks.cols(); ++j) row.push_back(finite(std::round(1e4 * m.blocks(i, j)) / 1e4));
    blocks.push_back(std::move(row));
  }
  result["monotonicity"] = {{"devices", candidates.size()},      {"all", distribution_json(m.all)},
                            {"fast", distribution_json(m.fast)}, {"medium", distribution_json(m.medium)},
                            {"slow", distribution_json(m.slow)}, {"blocks", std::move(blocks)},
                            {"block_sizes", m.block_sizes}};
  // Only of more than options.candidate_count devices are some left out.
  result["monotonicity"]["candidates"] = candidates.size() == device_count ? json(nullptr) : json(candidates);
  result["cost"] = {{"seconds_per_measurement", options.cost.seconds_per_measurement},
                    {"predictor_measurements", options.cost.predictor_measurements},
                    {"training_hours", options.cost.training_hours},
                    {"accuracy_hours", options.cost.accuracy_hours},
                    {"latency_hours", options.cost.latency_hours()},
                    {"rows", json::array()}};
  for (const auto& row : machine_hours(device_count, problem.proxies.size(), totals.measurements(), options.cost)) {
    result["cost"]["rows"].push_back(
        {{"algorithm", row.algorithm}, {"formula", row.formula}, {"machine_hours", row.machine_hours}});
  }
  return result;
}

void write_fleet_files(const std::filesystem::path& folder, const json& result, const FleetEffort& effort,
                       const Versions& versions) {
  write_file(folder / "result.json", result.dump(1) + "\n");
  write_file(folder / "summary.txt", fleet_text(result));
  json run{{"format", "oneproxy-fleet-run"},
           {"format_version", 1},
           {"finished", utc_now()},
           {"processes", effort.process_count},
           {"threads", effort.thread_count},
           {"seconds", effort.seconds},
           {"devices", effort.device_count},
           {"compute_machine_hours",
            effort.seconds / 3600 * static_cast<double>(effort.process_count * effort.thread_count)},
           {"versions", json::object()}};
  for (const auto& [name, version] : versions) run["versions"][name] = version;
  write_file(folder / "run.json", run.dump(1) + "\n");
}

}  // namespace oneproxy
