#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "oneproxy/pipeline/fleet_cost.hpp"

namespace oneproxy {

/// Columns of a table of latencies, ours or a published one.
struct TableColumns {
  std::filesystem::path file;
  std::vector<std::string> columns;  ///< empty: all
};

/// A known device: a shipped proxy's name, the file of a predictor, or columns to fit predictors to, one each.
using KnownDevices = std::variant<std::string, TableColumns>;

/// A device that is measured.
struct LiveDevice {
  std::string name;
  std::string description;
};

/// Devices made up from known ones (docs/design/fleet.md).
struct Simulation {
  std::size_t count = 0;
  std::string name = "sim";             ///< devices are NAME-1, NAME-2 ...
  std::vector<KnownDevices> base = {};  ///< empty: the fleet's proxies
  double median_srcc = 0.9;             ///< of the pairs of devices, as their samples tell: the paper's for phones
  double deviation = 0.8;               ///< of the logarithm of how far a device is from the base
  double resampled = 0.1;               ///< share of the operators whose cost comes from another device of the base
  double noise = 0.02;                  ///< relative standard deviation of a measurement
  std::uint64_t seed = 1;
};

/// What `oneproxy fleet FILE` reads (docs/formats/fleet.md). Paths are as in the file, made relative to its folder.
struct FleetFile {
  std::filesystem::path file;
  std::string space;               ///< "": the default one
  std::filesystem::path accuracy;  ///< "": the default one
  std::string accuracy_column;
  std::vector<KnownDevices> proxies;  ///< empty: all shipped
  std::vector<std::variant<TableColumns, LiveDevice, Simulation>> devices;
  bool posterior = true;  ///< devices are modelled by the few-shot posterior; else by Eqn. (3)
  std::size_t sample_count = 50;
  std::size_t limit_count = 30;
  std::vector<double> limits_ms;  ///< in place of limit_count
  std::size_t front_count = 20;
  std::size_t search_count = 32;
  double threshold = 0.9;
  std::uint64_t seed = 1;
  CostAssumptions cost;
};

/// @throws InputError naming file and field.
FleetFile read_fleet_file(const std::filesystem::path& file);

}  // namespace oneproxy
