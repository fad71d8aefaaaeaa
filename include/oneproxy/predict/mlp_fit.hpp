#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/predict/mlp.hpp"

namespace oneproxy {

/// Defaults are justified in docs/design/lookup_table.md.
struct MlpFitOptions {
  std::vector<int> hidden{500, 250, 100};  ///< the paper's widths for MobileNet-V3 (appendix B.5.1)
  int epochs = 200;
  std::size_t batch = 128;      ///< the paper's; at most a quarter of the architectures
  double learning_rate = 5e-3;  ///< of Adam at the beginning; falls to zero along a cosine
  double weight_decay = 1;      ///< share of the learning rate by which weights shrink in each step
  double held_out_share = 0.2;  ///< of the architectures, for the figures in MlpTraining
  std::uint64_t seed = 1;       ///< of the weights, the batches and the share held out
  std::string device = {};      ///< goes to MlpTraining
};

/// Where an MLP of latencies comes from; kept in its file. NaN = not known.
struct MlpTraining {
  std::string device = {};
  std::size_t sample_count = 0;
  double held_out_srcc = std::numeric_limits<double>::quiet_NaN();
  double held_out_rmse_ms = std::numeric_limits<double>::quiet_NaN();
};

struct MlpFit {
  std::vector<DenseLayer> layers;  ///< of an MlpPredictor that answers in ms
  MlpTraining training;
};

/// Least squares by Adam on one thread, on latencies with mean 0 and deviation 1; ReLU between the layers. The held-out
/// share is predicted by a fit without it; the layers returned are fitted to everything. The same seed gives the same
/// bits. `latency_ms`: one for each architecture, finite and positive. Preconditions: equal sizes, positive options.
/// @throws InputError for fewer than 10 architectures, Stopped where `progress` says so.
MlpFit fit_mlp(const SpacePtr& space, std::span<const Architecture> xs, std::span<const double> latency_ms,
               const MlpFitOptions& options = {}, const ProgressCallback& progress = {});

/// ONNX with the space, the unit and the training in its metadata (docs/formats/predictor.md).
/// @throws InputError where it cannot be written whole.
void save_mlp_latency(const std::filesystem::path& file, const SearchSpace& space, const MlpFit& fit);

/// The paper's compression before an adaptation (appendix B.5.1): the first layer stays, and one layer after it stands
/// for all others. That layer is a ridge fit to the network's own predictions of random architectures.
std::vector<DenseLayer> compressed(const SpacePtr& space, const std::vector<DenseLayer>& layers,
                                   std::uint64_t seed = 1);

/// What the last layer reads: one row for each architecture, its inputs and then 1; double precision.
Eigen::MatrixXd last_layer_inputs(const SearchSpace& space, const std::vector<DenseLayer>& layers,
                                  std::span<const Architecture> xs);

}  // namespace oneproxy
