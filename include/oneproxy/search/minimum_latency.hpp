#pragma once

#include "oneproxy/predict/predictor.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

struct MinimumLatency {
  Architecture architecture;
  float latency_ms = 0;
};

/// The architecture of the smallest predicted latency. Descends by one and two decisions at a time from several
/// starts: first with every block present, then over the decisions that switch blocks off.
/// Exact where the prediction is a sum over blocks, as a linear predictor's on mobilenet_v2; otherwise the best found.
MinimumLatency minimum_latency(const SearchSpace& space, const Predictor& latency);

}  // namespace oneproxy
