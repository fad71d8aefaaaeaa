#include <algorithm>
#include <charconv>
#include <cmath>

#include "models.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

/// One processor (IP) of the chip.
struct Processor {
  double acceleration;   ///< over the first one's peak
  double bandwidth_gbs;  ///< of its own link
  double work;           ///< its share of every layer
};

/// Hill and Reddi (2019) with the processors one after the other: one image, one layer at a time.
class Gables final : public LatencyModel {
 public:
  Gables(double peak_gflops, double bandwidth_gbs, double launch_us, std::vector<Processor> processors)
      : peak_gflops_(peak_gflops),
        bandwidth_gbs_(bandwidth_gbs),
        launch_us_(launch_us),
        processors_(std::move(processors)) {
    description_ = "gables(peak_gflops=" + number_text(peak_gflops_) +
                   ", bandwidth_gbs=" + number_text(bandwidth_gbs_) +
                   ", acceleration=" + joined(&Processor::acceleration) +
                   ", ip_bandwidth_gbs=" + joined(&Processor::bandwidth_gbs) + ", work=" + joined(&Processor::work) +
                   ", launch_us=" + number_text(launch_us_) + ")";
  }

  const std::string& description() const override { return description_; }
  std::string summary() const override {
    return "Gables model of " + std::to_string(processors_.size()) + " processors that share " +
           number_text(bandwidth_gbs_) + " GB/s";
  }

  std::vector<LayerLatency> layers(const Network& network) const override {
    std::vector<LayerLatency> latencies;
    for (const Layer& layer : network.layers) {
      if (layer.kind == LayerKind::input) continue;
      const double mflop = static_cast<double>(layer.flops()) / 1e6;
      const double megabytes = moved_bytes(network, layer) / 1e6;
      LayerLatency latency{layer.name, launch_us_ / 1e3, {{"launch", launch_us_ / 1e3}}};
      for (std::size_t i = 0; i < processors_.size(); ++i) {
        const Processor& processor = processors_[i];
        const double compute_ms = processor.work * mflop / (processor.acceleration * peak_gflops_);
        const double link_ms = processor.work * megabytes / processor.bandwidth_gbs;
        const double memory_ms = processor.work * megabytes / bandwidth_gbs_;
        latency.ms += std::max({compute_ms, link_ms, memory_ms});
        const std::string name = "ip" + std::to_string(i) + " ";
        latency.limits_ms.emplace_back(name + "compute", compute_ms);
        latency.limits_ms.emplace_back(name + "link", link_ms);
        latency.limits_ms.emplace_back(name + "memory", memory_ms);
      }
      latencies.push_back(std::move(latency));
    }
    return latencies;
  }

 private:
  std::string joined(double Processor::*field) const {
    std::string text;
    for (const auto& processor : processors_) text += (text.empty() ? "" : ":") + number_text(processor.*field);
    return text;
  }

  double peak_gflops_;
  double bandwidth_gbs_;
  double launch_us_;
  std::vector<Processor> processors_;
  std::string description_;
};

[[noreturn]] void refuse(const std::string& key, const std::string& what) {
  throw InputError("gables, setting " + key, what);
}

/// A list like 1:4:0.5, none of it below 0.
std::vector<double> take_list(Description& description, const std::string& key) {
  const std::string text = description.take(key, "");
  std::vector<double> values;
  for (const char* at = text.data(); at < text.data() + text.size();) {
    double value = 0;
    const auto [end, error] = std::from_chars(at, text.data() + text.size(), value);
    const bool at_end = end == text.data() + text.size();
    if (error != std::errc{} || !(value >= 0 && std::isfinite(value)) ||
        (!at_end && (*end != ':' || end + 1 == text.data() + text.size()))) {
      refuse(key, "'" + text + "'; expected numbers like 1:4:0.5, one for each processor");
    }
    values.push_back(value);
    at = end + (at_end ? 0 : 1);
  }
  if (values.empty()) refuse(key, "is missing; expected numbers like 1:4:0.5, one for each processor");
  return values;
}

}  // namespace

std::unique_ptr<LatencyModel> make_gables(Description description) {
  const double peak_gflops = take_positive(description, "peak_gflops");
  const double bandwidth_gbs = take_positive(description, "bandwidth_gbs");
  const auto acceleration = take_list(description, "acceleration");
  const auto ip_bandwidth_gbs = take_list(description, "ip_bandwidth_gbs");
  const auto work = take_list(description, "work");
  const double launch_us = description.take_double("launch_us", 0, 0, 1e9);
  description.finish();
  const auto count = std::to_string(acceleration.size());
  if (ip_bandwidth_gbs.size() != acceleration.size()) {
    refuse("ip_bandwidth_gbs",
           "has " + std::to_string(ip_bandwidth_gbs.size()) + " numbers; expected as many as acceleration: " + count);
  }
  if (work.size() != acceleration.size()) {
    refuse("work", "has " + std::to_string(work.size()) + " numbers; expected as many as acceleration: " + count);
  }
  if (acceleration.front() != 1) refuse("acceleration", "starts with another number than 1, the first processor's");
  double sum = 0;
  std::vector<Processor> processors;
  for (std::size_t i = 0; i < work.size(); ++i) {
    if (acceleration[i] == 0) refuse("acceleration", "holds a 0");
    if (ip_bandwidth_gbs[i] == 0) refuse("ip_bandwidth_gbs", "holds a 0");
    processors.push_back({acceleration[i], ip_bandwidth_gbs[i], work[i]});
    sum += work[i];
  }
  if (std::abs(sum - 1) > 1e-9) refuse("work", "has the sum " + number_text(sum) + "; expected shares with the sum 1");
  return std::make_unique<Gables>(peak_gflops, bandwidth_gbs, launch_us, std::move(processors));
}

DeviceKind gables_kind() {
  return {"gables",
          "peak_gflops=, bandwidth_gbs=, acceleration=1:A:.., ip_bandwidth_gbs=B:B:.., work=F:F:.., launch_us=0", true,
          "computed for a chip of several processors, one after the other"};
}

}  // namespace oneproxy
