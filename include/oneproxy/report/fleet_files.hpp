#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "oneproxy/pipeline/fleet.hpp"
#include "oneproxy/report/result_files.hpp"

namespace oneproxy {

/// The content of a fleet's result.json (docs/formats/fleet.md), from what the run found and from devices.jsonl and
/// networks.csv in `folder`, which it wrote. @throws InputError naming file and line where these are not whole.
nlohmann::json fleet_json(const std::filesystem::path& folder, const FleetProblem& problem, const FleetOptions& options,
                          const FleetFindings& findings);

/// The result in words and a few short tables, whatever the size of the fleet.
std::string fleet_text(const nlohmann::json& result);

/// What one start took: not part of the result, since it differs from start to start.
struct FleetEffort {
  std::size_t process_count = 1;
  std::size_t thread_count = 1;  ///< of each process
  double seconds = 0;
  std::size_t device_count = 0;  ///< worked out in this start
};

/// Writes result.json, summary.txt and run.json into `folder`. @throws InputError where one cannot be written whole.
void write_fleet_files(const std::filesystem::path& folder, const nlohmann::json& result, const FleetEffort& effort,
                       const Versions& versions);

}  // namespace oneproxy
