#include "oneproxy/pipeline/fleet_samples.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "oneproxy/base/error.hpp"
#include "oneproxy/space/published_table.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

struct Column {
  std::string name;
  std::filesystem::path file;
  std::unordered_map<Architecture, double> latency_ms;
};

/// The columns named of a table, missing values and networks that could not run left out.
std::vector<Column> read_columns(const TableColumns& source, const SearchSpace& space) {
  const ArchTable table = read_latency_table(source.file, space);
  const auto names = source.columns.empty() ? table.columns : source.columns;
  std::vector<Column> columns;
  for (const auto& name : names) {
    const auto index = static_cast<Index>(table.column(name));
    Column column{.name = name, .file = source.file, .latency_ms = {}};
    for (std::size_t row = 0; row < table.architectures.size(); ++row) {
      const double value = table.values(static_cast<Index>(row), index);
      if (value > 0) column.latency_ms.emplace(table.architectures[row], value);
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

/// Architectures that every table device has; all of them where too few are common.
std::vector<Architecture> rows_of(const std::vector<Column>& columns, std::size_t wanted) {
  std::unordered_map<Architecture, std::size_t> count;
  for (const auto& column : columns) {
    for (const auto& [x, latency] : column.latency_ms) ++count[x];
  }
  std::vector<Architecture> all;
  std::vector<Architecture> common;
  for (const auto& [x, devices] : count) {
    all.push_back(x);
    if (devices == columns.size()) common.push_back(x);
  }
  auto& rows = common.size() >= std::min(wanted, all.size()) ? common : all;
  std::ranges::sort(rows);  // the hash table's order is nobody's business
  return rows;
}

std::vector<Architecture> choose(std::span<const Architecture> from, const Predictor& proxy, std::size_t count,
                                 std::uint64_t seed) {
  if (from.size() <= count) return {from.begin(), from.end()};
  const std::vector<float> predicted = proxy(from);
  const std::vector<double> latency(predicted.begin(), predicted.end());
  Rng rng = Rng(seed).stream(0);
  std::vector<Architecture> chosen;
  for (const std::size_t i : choose_samples(latency, count, Sampling::stratified, {}, rng)) chosen.push_back(from[i]);
  return chosen;
}

/// Collects devices and refuses names that stand twice.
class Devices {
 public:
  explicit Devices(std::size_t rows) : rows_(static_cast<Index>(rows)) {}

  void add(FleetDevice device, Eigen::VectorXd latency_ms) {
    if (!names_.insert(device.name).second) {
      throw InputError("device '" + device.name + "'", "stands twice; expected a name of its own for each device");
    }
    devices_.push_back(std::move(device));
    columns_.push_back(std::move(latency_ms));
  }

  void finish(FleetSamples& samples) && {
    samples.latency_ms.resize(rows_, std::ssize(columns_));
    for (std::size_t d = 0; d < columns_.size(); ++d) samples.latency_ms.col(static_cast<Index>(d)) = columns_[d];
    samples.devices = std::move(devices_);
  }

 private:
  Index rows_;
  std::unordered_set<std::string> names_;
  std::vector<FleetDevice> devices_;
  std::vector<Eigen::VectorXd> columns_;
};

}  // namespace

std::string to_string(FleetSource source) {
  constexpr const char* names[] = {"table", "live", "simulated"};
  return names[static_cast<std::size_t>(source)];
}

std::vector<Architecture> FleetSamples::measured(std::size_t device) const {
  std::vector<Architecture> result;
  for (std::size_t i = 0; i < architectures.size(); ++i) {
    if (!std::isnan(latency_ms(static_cast<Index>(i), static_cast<Index>(device)))) result.push_back(architectures[i]);
  }
  return result;
}

std::vector<double> FleetSamples::latencies(std::size_t device) const {
  std::vector<double> result;
  for (const double latency : latency_ms.col(static_cast<Index>(device))) {
    if (!std::isnan(latency)) result.push_back(latency);
  }
  return result;
}

ArchTable read_latency_table(const std::filesystem::path& file, const SearchSpace& space) {
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line) && line.starts_with('#')) {
  }
  // A missing file is reported by the reader.
  return line.starts_with("architecture,") ? read_arch_table(file, space) : read_published_table(file, space);
}

std::vector<Proxy> fit_columns(const TableColumns& table, const SpacePtr& space, std::uint64_t seed) {
  std::vector<Proxy> proxies;
  for (const auto& column : read_columns(table, *space)) {
    std::vector<Architecture> xs;
    for (const auto& [x, latency] : column.latency_ms) xs.push_back(x);
    std::ranges::sort(xs);
    std::vector<double> latency;
    for (const auto& x : xs) latency.push_back(column.latency_ms.at(x));
    proxies.push_back({column.name, std::make_shared<LinearPredictor>(
                                        fit_linear(space, xs, latency, {.seed = seed, .device = column.name}))});
  }
  return proxies;
}

FleetSamples gather_samples(const FleetFile& file, const SpacePtr& space, std::span<const Proxy> proxies,
                            std::span<const std::vector<Proxy>> simulation_bases,
                            std::span<const Architecture> candidates, const MeasureLive& measure) {
  std::vector<Column> columns;
  std::vector<std::size_t> columns_of;  // of each entry of file.devices
  for (const auto& entry : file.devices) {
    columns_of.push_back(0);
    if (const auto* table = std::get_if<TableColumns>(&entry)) {
      auto found = read_columns(*table, *space);
      columns_of.back() = found.size();
      std::ranges::move(found, std::back_inserter(columns));
    }
  }
  const std::vector<Architecture> rows = rows_of(columns, file.sample_count);
  FleetSamples samples;
  samples.architectures = choose(columns.empty() ? candidates : std::span<const Architecture>(rows),
                                 *proxies.front().predictor, file.sample_count, file.seed);

  Devices devices(samples.architectures.size());
  std::size_t next_column = 0;
  std::size_t next_base = 0;
  for (std::size_t e = 0; e < file.devices.size(); ++e) {
    const auto& entry = file.devices[e];
    if (const auto* live = std::get_if<LiveDevice>(&entry)) {
      const auto latency = measure(*live, samples.architectures);
      devices.add({live->name, FleetSource::live, {}},
                  Eigen::Map<const Eigen::VectorXd>(latency.data(), std::ssize(latency)));
    } else if (const auto* simulation = std::get_if<Simulation>(&entry)) {
      const auto& base = simulation_bases[next_base++];
      SimulatedDevices made = simulate_devices(*simulation, base, samples.architectures);
      for (std::size_t d = 0; d < simulation->count; ++d) {
        devices.add(
            {simulation->name + "-" + std::to_string(d + 1), FleetSource::simulated, std::move(made.weights_ms[d])},
            made.latency_ms.col(static_cast<Index>(d)));
      }
    }
    for (std::size_t end = next_column + columns_of[e]; next_column < end; ++next_column) {
      const Column& column = columns[next_column];
      Eigen::VectorXd latency = Eigen::VectorXd::Constant(std::ssize(samples.architectures), missing);
      std::size_t there = 0;
      for (std::size_t i = 0; i < samples.architectures.size(); ++i) {
        const auto found = column.latency_ms.find(samples.architectures[i]);
        if (found == column.latency_ms.end()) continue;
        latency[static_cast<Index>(i)] = found->second;
        ++there;
      }
      if (there < fewest_adaptation_samples) {
        throw InputError(column.file.string() + ", column " + column.name,
                         "has latencies of " + std::to_string(there) + " of the " +
                             std::to_string(samples.architectures.size()) +
                             " sample architectures; expected at least " + std::to_string(fewest_adaptation_samples));
      }
      devices.add({column.name, FleetSource::table, {}}, std::move(latency));
    }
  }
  std::move(devices).finish(samples);
  return samples;
}

}  // namespace oneproxy
