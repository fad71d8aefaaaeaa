// Table 1: machine-hours for n devices, by the paper's costs and by those measured in this project.

#include <charconv>
#include <map>

#include "makers.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/pipeline/fleet_cost.hpp"
#include "oneproxy/report/svg.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t samples_per_device = 80;  // the paper's for MobileNet-V2: 60 and 20

/// models/costs.csv: lines "cost,value", after a header; # begins a remark. What it lacks is as in the paper.
CostAssumptions read_costs(const std::filesystem::path& file) {
  const std::map<std::string, double CostAssumptions::*> fields{
      {"seconds_per_measurement", &CostAssumptions::seconds_per_measurement},
      {"predictor_measurements", &CostAssumptions::predictor_measurements},
      {"training_hours", &CostAssumptions::training_hours},
      {"accuracy_hours", &CostAssumptions::accuracy_hours}};
  CostAssumptions costs;
  const std::string content = read_file(file);
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < content.size();) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    const std::string line = content.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.empty() || line.starts_with('#') || line == "cost,value") continue;
    const auto comma = line.find(',');
    const auto field = fields.find(line.substr(0, comma));
    double value = 0;
    const char* const last = line.data() + line.size();
    if (comma == std::string::npos || field == fields.end() ||
        std::from_chars(line.data() + comma + 1, last, value).ptr != last || !(value > 0)) {
      throw InputError(file.string() + ", line " + std::to_string(number),
                       "'" + line + "' is no cost and its value (> 0), e.g. seconds_per_measurement,0.1");
    }
    costs.*field->second = value;
  }
  return costs;
}

ReproducedFigure table1(const ReproduceContext& context) {
  const CostAssumptions paper;
  const CostAssumptions own = read_costs(context.options.models.parent_path() / "costs.csv");
  ReproducedFigure figure;
  std::map<std::string, ChartLine> lines;
  for (const std::size_t devices : {1, 10, 100, 1000}) {
    const auto by_paper = machine_hours(devices, 1, devices * samples_per_device, paper);
    const auto by_own = machine_hours(devices, 1, devices * samples_per_device, own);
    for (std::size_t i = 0; i < by_own.size(); ++i) {
      ChartLine& line = lines[by_own[i].algorithm];
      line.name = by_own[i].algorithm;
      line.x.push_back(static_cast<double>(devices));
      line.y.push_back(by_own[i].machine_hours);
      if (devices != 1 && devices != 100) continue;
      figure.rows.push_back({.target = by_own[i].algorithm + ", n = " + std::to_string(devices),
                             .quantity = "machine-hours",
                             .ours = by_own[i].machine_hours,
                             .paper = by_paper[i].machine_hours,
                             .remark = by_own[i].formula});
    }
  }
  // MNasNet's line would flatten all others.
  std::vector<ChartLine> drawn;
  for (const char* name : {"FBNet", "ProxylessNAS", "Once-for-All", "ChamNet", "one proxy"})
    drawn.push_back(lines[name]);
  figure.pictures.push_back(
      {"table1.svg", line_chart_svg("Machine-hours by this project's costs", "devices", "machine-hours", drawn)});
  const auto text = [](double value) {
    char buffer[32];
    return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 5).ptr);
  };
  const auto told = [&](const CostAssumptions& costs) {
    return text(costs.seconds_per_measurement) + " s a measurement, " + text(costs.predictor_measurements) +
           " measurements for a device's own predictor (c_L " + text(costs.latency_hours()) + " h), c_T " +
           text(costs.training_hours) + " h, c_A " + text(costs.accuracy_hours) + " h";
  };
  figure.notes = {
      "`paper`: the formulas of Table 1 with the costs of its section 2.2 and Once-for-All's training: " + told(paper) +
          ". `ours`: the same formulas with the costs that this project measured for its own small task "
          "(models/costs.csv): " +
          told(own) + ".",
      "One proxy: c_T + c_A + c_L for the proxy, and " + std::to_string(samples_per_device) +
          " measurements on each of n devices."};
  return figure;
}

}  // namespace

std::vector<FigureMaker> cost_makers() {
  return {{.id = "table1", .title = "Cost for n target devices", .needs_models = true, .make = table1}};
}

}  // namespace oneproxy
