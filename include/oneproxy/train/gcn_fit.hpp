#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/predict/gcn.hpp"

namespace oneproxy {

/// How BRP-NAS's latency predictor is fitted. Defaults are justified in docs/design/predictors.md.
struct GcnFitOptions {
  int convolutions = 4;
  int hidden = 600;
  int epochs = 150;
  int batch = 10;
  double learning_rate = 8e-4;  ///< falls to 0 along a cosine
  double weight_decay = 5e-4;
  double dropout = 2e-3;  ///< of what each convolution makes
  std::uint64_t seed = 1;
  std::string device = {};  ///< goes to GcnModel
};

/// Fits the predictor to measured latencies by AdamW on the squared error of standardised latencies; the last layer
/// scales them back. Deterministic in the seed on one number of threads. Precondition: equal sizes.
/// @throws InputError for fewer than 10 architectures or latencies that are all alike; Stopped where `progress` says
/// so.
GcnModel fit_gcn(const SearchSpace& space, std::span<const Architecture> xs, std::span<const double> latency_ms,
                 const GcnFitOptions& options = {}, const ProgressCallback& progress = {});

/// What LibTorch predicts by the model, for comparison with GcnPredictor.
std::vector<float> gcn_by_torch(const GcnModel& model, const SearchSpace& space, std::span<const Architecture> xs);

}  // namespace oneproxy
