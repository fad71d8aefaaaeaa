#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/measure/measurement.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// How a device is timed. Defaults are justified in docs/design/measuring.md.
struct Protocol {
  int warmup_runs = 3;  ///< not counted, before every burst of a network: others had the caches
  int min_runs = 30;
  double relative_tolerance = 0.02;  ///< stop when the 95% interval of the median is within +- this share
  double budget_ms = 300;            ///< at most this much timed running for one network
  int pin_core = -1;                 ///< processor to run on; -1: the one this process may use last
  /// The reference network is run again after so many bursts of others, to see slow drift (heat); 0: never.
  int reference_every = 16;
  double hang_timeout_s = 60;  ///< a network that answers nothing for so long is given up
  std::uint64_t seed = 1;      ///< of the order of the rounds and of the weights
};

/// Called as soon as a network is measured, from the calling thread; it stores the result before it returns.
using MeasurementSink = std::function<void(const Measurement&)>;

/// Anything that can say how long a network takes (open to users; a seam). Not safe to share between threads.
class Device {
 public:
  virtual ~Device() = default;
  /// The text that makes this device again, with every setting, e.g. "onednn(threads=1, isa=avx512)".
  virtual const std::string& description() const = 0;
  virtual MachineFacts facts() const = 0;
  /// Measures every architecture, in an order of its own choice, and hands each result to `sink` at once.
  /// @throws InputError where a network cannot be measured (naming it); what was handed over stays.
  virtual void measure(const SearchSpace& space, std::span<const Architecture> xs, const Protocol& protocol,
                       const MeasurementSink& sink, const ProgressCallback& progress) = 0;
};

/// Makes a device from its description: onnxruntime(...), onednn(...), xnnpack(...), opencv(...),
/// onnxruntime_web(), table(FILE, column=NAME), command(...), agent(...), fpga(...), roofline(...), gables(...).
/// @throws InputError for an unknown name or setting, or an engine that this build or machine lacks (saying how to get
/// it). An agent is asked what it is, and waited for; `progress` is called meanwhile and may stop that (Stopped).
std::unique_ptr<Device> make_device(std::string_view description, const ProgressCallback& progress = {});

/// One row for each kind of device: name, whether it can be used here, version or what is missing.
struct DeviceKind {
  std::string name;
  std::string settings;  ///< e.g. "threads=1, optimization=all|none"
  bool available = false;
  std::string detail;  ///< version, or what is missing and how to get it
};
std::vector<DeviceKind> device_kinds();

/// "onnxruntime" where it can be used, else "onednn", else "".
std::string default_engine();

}  // namespace oneproxy
