#pragma once

#include <memory>
#include <span>
#include <string>

#include "oneproxy/measure/device.hpp"
#include "oneproxy/measure/latency_model.hpp"
#include "oneproxy/space/network.hpp"

namespace oneproxy {

/// A network loaded into an inference engine, ready to run on as many images at a time as the engine's batch.
class Session {
 public:
  virtual ~Session() = default;
  /// One inference. input.size() == batch x input shape's elements (CHW, image after image), output.size() == batch x
  /// output shape's elements.
  virtual void run(std::span<const float> input, std::span<float> output) = 0;
  /// The same, and how long it took in ms. Override it where the engine lives in another process and knows better.
  virtual double timed_run_ms(std::span<const float> input, std::span<float> output);
};

/// An inference engine in this process. Closed: engines are listed in device.cpp.
class Engine {
 public:
  virtual ~Engine() = default;
  /// Its device description, with every setting.
  virtual const std::string& description() const = 0;
  /// Name and version, e.g. "oneDNN 2.6.3".
  virtual std::string version() const = 0;
  /// Threads that one inference uses; the timed process is pinned to as many cores.
  virtual int threads() const { return 1; }
  /// Images in one inference.
  virtual int batch() const { return 1; }
  virtual std::unique_ptr<Session> load(const Network& network, const Weights& weights) = 0;
  /// What each step of an inference takes for one image, mean of the middle half of `runs` runs, under the names of the
  /// network's layers as far as the engine keeps them (what it fuses has one name). Empty: it cannot tell.
  virtual std::vector<LayerLatency> layers(const Network& network, const Weights& weights, int runs);
  /// How layers() knows, a few words.
  virtual std::string layers_origin() const { return version(); }
};

/// A device that times an engine in a child process of its own, so that a network that crashes or hangs the engine
/// ends the child and not the campaign's process. Networks are timed in random interleaved rounds (see Protocol).
/// The child starts here: make devices before this process runs oneDNN or OpenMP itself, since oneDNN's instruction set
/// is chosen once, and from a thread that lives as long as the device, since the child ends with it.
std::unique_ptr<Device> make_engine_device(std::unique_ptr<Engine> engine);

/// The engine alone, without timing (for comparing outputs and for running exported networks). Same descriptions.
std::unique_ptr<Engine> make_engine(std::string_view description);

}  // namespace oneproxy
