#include "oneproxy/pipeline/roofline_study.hpp"

#include <algorithm>
#include <unordered_map>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

bool has_roof(const std::string& description) {
  const std::string name = description.substr(0, description.find('('));
  for (const auto& other : {"table", "command", "agent", "fpga", "gables"}) {
    if (name == other) return false;
  }
  return true;
}

std::size_t count_left_of(double ridge, std::span<const RoofedNetwork> networks) {
  return static_cast<std::size_t>(
      std::ranges::count_if(networks, [&](const RoofedNetwork& n) { return n.intensity < ridge; }));
}

}  // namespace

std::size_t RooflineStudy::memory_bound_count() const { return count_left_of(ridge(), networks); }
std::size_t RooflineStudy::cache_bound_count() const { return count_left_of(cache_ridge(), networks); }

RooflineStudy study_roofline(Device& device, const SearchSpace& space, std::span<const Architecture> xs,
                             const Protocol& protocol, const ProgressCallback& progress) {
  // Said before anything is measured; the roof itself is found afterwards, since it runs oneDNN in this process.
  if (!has_roof(device.description())) {
    throw InputError(device.description(), "does not tell what it could reach; expected an engine or roofline(...)");
  }
  RooflineStudy study;
  std::unordered_map<Architecture, std::size_t> place;
  for (const auto& x : xs) {
    place.emplace(x, study.networks.size());
    study.networks.push_back({.architecture = x});
  }
  device.measure(
      space, xs, protocol,
      [&](const Measurement& m) { study.networks[place.at(m.architecture)].latency_ms = m.median_ms; }, progress);
  const auto roof = roof_of(device);
  if (!roof) throw InputError(device.description(), "does not tell what it could reach");
  study.roof = *roof;
  for (auto& network : study.networks) {
    const NetworkCosts cost = costs(space.network(network.architecture));
    network.intensity = cost.operational_intensity();
    network.attained_gflops = cost.flops / network.latency_ms / 1e6;
    network.roof_gflops = std::min(study.roof.gflops, study.roof.memory_gbytes_per_s * network.intensity);
  }
  return study;
}

}  // namespace oneproxy
