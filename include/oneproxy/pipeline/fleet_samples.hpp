#pragma once

#include <Eigen/Core>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/pipeline/fleet_file.hpp"
#include "oneproxy/pipeline/run.hpp"
#include "oneproxy/space/arch_table.hpp"

namespace oneproxy {

enum class FleetSource { table, live, simulated };
/// "table", "live", "simulated".
std::string to_string(FleetSource source);

struct FleetDevice {
  std::string name;
  FleetSource source = FleetSource::table;
  Eigen::VectorXd true_weights_ms;  ///< of a simulated device; else empty
};

/// The few samples of every device of a fleet.
struct FleetSamples {
  std::vector<Architecture> architectures;
  std::vector<FleetDevice> devices;
  Eigen::MatrixXd latency_ms;  ///< architectures x devices; NaN: not measured there

  /// Architectures measured on a device, and their latencies.
  std::vector<Architecture> measured(std::size_t device) const;
  std::vector<double> latencies(std::size_t device) const;
};

/// Latencies of the architectures on a live device, in their order.
using MeasureLive = std::function<std::vector<double>(const LiveDevice&, std::span<const Architecture>)>;

/// Chooses the sample architectures - from those that all tables have, where there are tables, else from `candidates` -
/// stratified by the first proxy's latency, and gets their latencies on every device.
/// @throws InputError where a name stands twice, a table lacks a column, or a device has fewer than
/// fewest_adaptation_samples latencies.
FleetSamples gather_samples(const FleetFile& file, const SpacePtr& space, std::span<const Proxy> proxies,
                            std::span<const std::vector<Proxy>> simulation_bases,
                            std::span<const Architecture> candidates, const MeasureLive& measure);

/// A table in our own format or as others publish it, by its header.
ArchTable read_latency_table(const std::filesystem::path& file, const SearchSpace& space);

/// A predictor for each of these columns (all where none is named), fitted to their latencies (> 0).
std::vector<Proxy> fit_columns(const TableColumns& table, const SpacePtr& space, std::uint64_t seed);

/// Simulated devices and what the architectures take on them: architectures x options.count.
/// @throws InputError where median_srcc cannot be met.
struct SimulatedDevices {
  std::vector<Eigen::VectorXd> weights_ms;
  Eigen::MatrixXd latency_ms;
};
SimulatedDevices simulate_devices(const Simulation& options, std::span<const Proxy> base,
                                  std::span<const Architecture> architectures);

}  // namespace oneproxy
