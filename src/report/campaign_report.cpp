#include "oneproxy/report/campaign_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "oneproxy/base/file.hpp"
#include "oneproxy/measure/json.hpp"
#include "oneproxy/space/arch_table.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t shown_networks = 10;

nlohmann::json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

nlohmann::json repeat_json(const Repeatability& r) {
  return {{"networks", r.networks},
          {"srcc", number_or_null(r.srcc)},
          {"median_relative_difference", r.median_relative_difference}};
}

double middle_of(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

template <class Value>
double middle_of(const CampaignPart& part, Value value) {
  std::vector<double> values;
  for (const auto& m : part.measured) values.push_back(value(m));
  return middle_of(std::move(values));
}

double seconds_of(const CampaignPart& part) {
  double ms = 0;
  for (const auto& m : part.measured) ms += std::accumulate(m.raw_ms.begin(), m.raw_ms.end(), 0.0);
  return ms / 1e3;
}

std::vector<const CampaignPart*> parts_of(const CampaignResult& result, const std::string& space) {
  std::vector<const CampaignPart*> parts;
  for (const auto& part : result.parts) {
    if (part.space == space) parts.push_back(&part);
  }
  return parts;
}

nlohmann::json part_json(const CampaignPart& part) {
  nlohmann::json json{{"device", part.device.description}, {"name", part.device.name}, {"place", part.device.place}};
  if (!part.error.empty()) {
    json["error"] = part.error;
    return json;
  }
  json["facts"] = part.facts;
  json["networks"] = part.measured.size();
  json["median_ms"] = middle_of(part, [](const Measurement& m) { return m.median_ms; });
  json["cold_ms"] = middle_of(part, [](const Measurement& m) { return m.cold_ms; });
  json["seconds"] = seconds_of(part);
  json["drift_trend"] = part.trend;
  json["warnings"] = part.warnings;
  json["repeatability"] = part.repeatability ? repeat_json(*part.repeatability) : nlohmann::json(nullptr);
  if (part.calibration) {
    for (const auto& step : part.calibration->steps) {
      json["calibration"].push_back({{"budget_ms", step.budget_ms},
                                     {"min_runs", step.min_runs},
                                     {"repeatability", repeat_json(step.repeatability)}});
    }
  }
  return json;
}

std::string format(const char* pattern, auto... values) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

/// The fastest networks of a part, those whose order is not known under one place.
std::string fastest_text(const CampaignPart& part, const SearchSpace& space) {
  const auto places = tied_places(part.measured);
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return std::pair(places[i], part.measured[i].median_ms); });
  std::string text = "  fastest on " + part.device.name + " (one place: their 95% intervals overlap)\n";
  for (std::size_t i = 0; i < std::min(shown_networks, order.size()); ++i) {
    const Measurement& m = part.measured[order[i]];
    text += format("  %4zu  %10.4f ms", places[order[i]], m.median_ms);
    text += claims_p90(m) ? format("  p90 %10.4f ms  ", m.p90_ms) : std::string("  p90          -     ");
    text += space.text(m.architecture) + '\n';
  }
  return text;
}

std::string matrix_text(const CampaignResult& result, const std::string& space) {
  const auto parts = parts_of(result, space);
  const auto matrix = srcc_matrix(result, space);
  std::string text = "  SRCC\n";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += "  ";
    for (const double value : matrix[i]) text += std::isfinite(value) ? format("%7.3f", value) : "      -";
    text += "  " + parts[i]->device.name + '\n';
  }
  return text;
}

}  // namespace

nlohmann::json campaign_json(const CampaignPlan& plan, const CampaignResult& result) {
  nlohmann::json json{
      {"samples", plan.samples}, {"repeats", plan.repeats}, {"seed", plan.seed}, {"protocol", plan.protocol}};
  for (const auto& description : plan.spaces) {
    const std::string space = make_space(description)->description();
    nlohmann::json entry{{"space", space}, {"devices", nlohmann::json::array()}, {"srcc", nlohmann::json::array()}};
    for (const auto* part : parts_of(result, space)) entry["devices"].push_back(part_json(*part));
    for (const auto& row : srcc_matrix(result, space)) {
      nlohmann::json values = nlohmann::json::array();
      for (const double value : row) values.push_back(number_or_null(value));
      entry["srcc"].push_back(values);
    }
    json["spaces"].push_back(entry);
  }
  return json;
}

std::string campaign_text(const CampaignPlan& plan, const CampaignResult& result) {
  std::string text;
  for (const auto& description : plan.spaces) {
    const SpacePtr space = make_space(description);
    const auto parts = parts_of(result, space->description());
    text += space->description() + "\n  networks   median ms     cold ms  repeat SRCC  difference  device\n";
    for (const auto* part : parts) {
      if (!part->error.empty()) {
        text += "  failed: " + part->error + '\n';
        continue;
      }
      text +=
          format("  %8zu  %10.4f", part->measured.size(), middle_of(*part, [](const auto& m) { return m.median_ms; }));
      const double cold = middle_of(*part, [](const Measurement& m) { return m.cold_ms; });
      text += cold > 0 ? format("  %10.4f", cold) : "           -";
      text += part->repeatability ? format("  %11.3f  %9.2f%%", part->repeatability->srcc,
                                           100 * part->repeatability->median_relative_difference)
                                  : "            -           -";
      text += "  " + part->device.name + '\n';
    }
    text += matrix_text(result, space->description());
    for (const auto* part : parts) {
      if (part->error.empty()) text += fastest_text(*part, *space);
    }
    for (const auto* part : parts) {
      for (const auto& warning : part->warnings) text += "  warning: " + part->device.name + ": " + warning + '\n';
    }
  }
  return text;
}

void write_campaign_files(const std::filesystem::path& folder, const CampaignPlan& plan, const CampaignResult& result) {
  write_file(folder / "campaign.json", campaign_json(plan, result).dump(2) + '\n');
  write_file(folder / "campaign.txt", campaign_text(plan, result));
  for (std::size_t s = 0; s < plan.spaces.size(); ++s) {
    const SpacePtr space = make_space(plan.spaces[s]);
    ArchTable table;
    table.architectures = result.architectures[s];
    std::vector<const CampaignPart*> measured;
    for (const auto* part : parts_of(result, space->description())) {
      if (part->error.empty()) measured.push_back(part);
    }
    if (measured.empty()) continue;
    table.values.resize(static_cast<Eigen::Index>(table.architectures.size()),
                        static_cast<Eigen::Index>(measured.size()));
    for (std::size_t d = 0; d < measured.size(); ++d) {
      const CampaignPart& part = *measured[d];
      table.columns.push_back(part.device.name);
      table.notes.emplace_back("device " + part.device.name, part.device.description);
      table.notes.emplace_back("machine " + part.device.name, part.facts.cpu + "; " + part.facts.engine);
      for (const auto& warning : part.warnings) table.notes.emplace_back("warning " + part.device.name, warning);
      for (std::size_t i = 0; i < part.measured.size(); ++i) {
        table.values(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(d)) = part.measured[i].median_ms;
      }
    }
    table.notes.emplace_back("latency", "median in ms of one image");
    write_arch_table(folder / ("latency" + std::to_string(s + 1) + ".csv"), *space, table);
  }
}

}  // namespace oneproxy
