#pragma once

#include <vector>

#include "oneproxy/measure/engine.hpp"
#include "oneproxy/measure/protocol.hpp"

namespace oneproxy {

/// Runs one small network, always the same whatever is measured, again and again: what becomes slower there became
/// slower everywhere (heat, another clock). Lives as long as the engine, so that later campaigns are compared with the
/// first block of the first one. Does nothing where the engine refuses the network.
class DriftWatch {
 public:
  explicit DriftWatch(Engine& engine);

  /// The runs from here on belong to another block of networks.
  void begin_block();
  /// A few runs that are not counted and some that are.
  void run_burst();
  /// Median of this block's runs; 0 where there are none.
  double median_ms() const;
  /// median_ms() relative to the first block's, where their 95% intervals do not overlap; else 1.
  double drift() const;

 private:
  std::unique_ptr<Session> session_;
  std::vector<float> input_;
  std::vector<float> output_;
  std::vector<float> first_;    // ms, ascending; the first block's
  std::vector<float> current_;  // ms, ascending
  bool in_first_ = true;
};

}  // namespace oneproxy
