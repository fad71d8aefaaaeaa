#include <algorithm>
#include <array>

#include "models.hpp"

namespace oneproxy {
namespace {

struct Preset {
  std::string name;
  double peak_gflops;
  double bandwidth_gbs;
};

// Table 2 of the paper.
const std::array<Preset, 3> presets{{{"s5e", 40.6, 14.93}, {"taba", 15.3, 7.46}, {"lenovo", 26.5, 7.5}}};

/// Williams, Waterman and Patterson (2009), for each layer: computing and moving data overlap, layers do not.
class Roofline final : public LatencyModel {
 public:
  Roofline(double peak_gflops, double bandwidth_gbs, double launch_us)
      : peak_gflops_(peak_gflops),
        bandwidth_gbs_(bandwidth_gbs),
        launch_us_(launch_us),
        description_("roofline(peak_gflops=" + number_text(peak_gflops) +
                     ", bandwidth_gbs=" + number_text(bandwidth_gbs) + ", launch_us=" + number_text(launch_us) + ")") {}

  const std::string& description() const override { return description_; }
  std::string summary() const override {
    return "roofline of " + number_text(peak_gflops_) + " GFLOP/s and " + number_text(bandwidth_gbs_) + " GB/s";
  }

  std::vector<LayerLatency> layers(const Network& network) const override {
    std::vector<LayerLatency> latencies;
    for (const Layer& layer : network.layers) {
      if (layer.kind == LayerKind::input) continue;
      const double compute_ms = static_cast<double>(layer.flops()) / (peak_gflops_ * 1e6);
      const double memory_ms = moved_bytes(network, layer) / (bandwidth_gbs_ * 1e6);
      const double launch_ms = launch_us_ / 1e3;
      latencies.push_back({layer.name,
                           std::max(compute_ms, memory_ms) + launch_ms,
                           {{"compute", compute_ms}, {"memory", memory_ms}, {"launch", launch_ms}}});
    }
    return latencies;
  }

 private:
  double peak_gflops_;
  double bandwidth_gbs_;
  double launch_us_;
  std::string description_;
};

}  // namespace

std::unique_ptr<LatencyModel> make_roofline(Description description) {
  std::vector<std::string> names{""};
  for (const auto& preset : presets) names.push_back(preset.name);
  const std::string device = description.take_choice("device", "", names);
  const auto preset = std::ranges::find(presets, device, &Preset::name);
  const bool known = preset != presets.end();
  const double peak_gflops = take_positive(description, "peak_gflops", known ? preset->peak_gflops : 0);
  const double bandwidth_gbs = take_positive(description, "bandwidth_gbs", known ? preset->bandwidth_gbs : 0);
  const double launch_us = description.take_double("launch_us", 0, 0, 1e9);
  description.finish();
  return std::make_unique<Roofline>(peak_gflops, bandwidth_gbs, launch_us);
}

DeviceKind roofline_kind() {
  std::string names;
  for (const auto& preset : presets) names += (names.empty() ? "" : "|") + preset.name;
  return {"roofline", "peak_gflops=, bandwidth_gbs=, launch_us=0; device=" + names, true,
          "computed for each layer: the longer of computing and moving its data"};
}

}  // namespace oneproxy
