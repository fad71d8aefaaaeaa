#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "oneproxy/measure/device.hpp"
#include "oneproxy/space/network.hpp"

namespace oneproxy {

/// What one layer takes on a device that is computed, and why.
struct LayerLatency {
  std::string layer;  ///< its name in the network
  double ms = 0;
  /// What it would take if nothing else limited it, by the limit's name; empty where the model does not count the
  /// layer.
  std::vector<std::pair<std::string, double>> limits_ms;

  /// The name of the largest limit; "" where there is none.
  std::string bottleneck() const;
  bool operator==(const LayerLatency&) const = default;
};

/// A device on paper: it computes how long a network takes (docs/design/devices.md). Immutable; safe from any thread.
class LatencyModel {
 public:
  virtual ~LatencyModel() = default;
  /// The device description, with every setting.
  virtual const std::string& description() const = 0;
  /// The device in a few words.
  virtual std::string summary() const = 0;
  /// What is doubtful about the device, e.g. that it does not fit its board; one line each.
  virtual std::vector<std::string> warnings() const { return {}; }
  /// One for each layer but the input, in the network's order.
  virtual std::vector<LayerLatency> layers(const Network& network) const = 0;

  /// Of one image, in ms: the sum over the layers.
  double latency_ms(const Network& network) const;
};

/// A device whose measurements are a model's answers: one run each, stopped_by "model".
std::unique_ptr<Device> make_model_device(std::unique_ptr<LatencyModel> model);

/// The model that answers for `device`; nullptr for a device that measures or replays. Valid as long as the device.
const LatencyModel* latency_model(const Device& device);

}  // namespace oneproxy
