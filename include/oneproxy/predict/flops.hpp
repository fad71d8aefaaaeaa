#pragma once

#include <memory>

#include "oneproxy/predict/predictor.hpp"

namespace oneproxy {

/// The baseline that takes an architecture's FLOPs, in 10^9 (one multiply-accumulate is 2), for its latency.
/// Each architecture's network is built once and remembered. Safe from any thread.
class FlopsPredictor final : public Predictor {
 public:
  explicit FlopsPredictor(SpacePtr space);
  ~FlopsPredictor() override;
  void predict(std::span<const Architecture> xs, std::span<float> out) const override;

 private:
  struct Memory;

  SpacePtr space_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace oneproxy
