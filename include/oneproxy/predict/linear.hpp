#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>

#include "oneproxy/predict/predictor.hpp"

namespace oneproxy {

/// Where the weights of a linear predictor come from; kept in its file. NaN = not known.
struct LinearTraining {
  std::string device = {};  ///< its description, "" where it was not told
  std::size_t sample_count = 0;
  double held_out_srcc = std::numeric_limits<double>::quiet_NaN();
  double held_out_rmse_ms = std::numeric_limits<double>::quiet_NaN();
  double ridge = std::numeric_limits<double>::quiet_NaN();  ///< strength of the regularisation
};

/// The paper's operator-level predictor L(x) = w^T x: the sum of the weights, in ms, of the features that are active in
/// the encoding of x; the last one belongs to the constant. Immutable; safe from any thread.
class LinearPredictor final : public Predictor {
 public:
  /// Preconditions: weights_ms.size() == space->feature_count(), all finite.
  LinearPredictor(SpacePtr space, Eigen::VectorXd weights_ms, LinearTraining training = {});

  void predict(std::span<const Architecture> xs, std::span<float> out) const override;
  /// The same in double precision.
  Eigen::VectorXd latency_ms(std::span<const Architecture> xs) const;

  const SpacePtr& space() const { return space_; }
  const Eigen::VectorXd& weights_ms() const { return weights_ms_; }
  const LinearTraining& training() const { return training_; }

 private:
  SpacePtr space_;
  Eigen::VectorXd weights_ms_;
  LinearTraining training_;
};

struct LinearFitOptions {
  double held_out_share = 0.2;  ///< of the architectures, for the figures in LinearTraining
  std::uint64_t seed = 1;       ///< of the choice of that share
  std::string device = {};      ///< goes to LinearTraining
};

/// Regularised least squares. The constant's weight is free; the strength of the penalty on the others minimises the
/// leave-one-out error, which has a closed form. The held-out share is predicted by a fit without it; the weights
/// returned are fitted to everything. In a block of the encoding of which every architecture has exactly one feature, a
/// constant may move between the block's weights and the constant's without any prediction changing. Of these equal
/// fits the one is returned that serves Eqn. (3) best (docs/design/adaptation.md): where all blocks are such, the
/// weights of each have the mean 0; where others may be absent, they have the mean of the others' weights, so that an
/// operator weighs as much in a block that is always there as in one that is not. Weights may be negative.
/// `latency_ms`: one for each architecture, finite and positive. Precondition: equal sizes.
/// @throws InputError for fewer than 10 architectures.
LinearPredictor fit_linear(SpacePtr space, std::span<const Architecture> xs, std::span<const double> latency_ms,
                           const LinearFitOptions& options = {});

/// docs/formats/predictor.md. @throws InputError where it cannot be written whole.
void save_linear_predictor(const std::filesystem::path& file, const LinearPredictor& predictor);
/// @throws InputError naming file and field: not this format or version, a weight missing or not finite, or made for
/// another space than `expected` (nullptr: the space that the file names is made).
LinearPredictor load_linear_predictor(const std::filesystem::path& file, SpacePtr expected = nullptr);

/// The predictor as an ONNX model for others: one Gemm from "features" (n x feature_count, the space's encoding) to
/// "prediction" (n x 1, ms), in single precision, with space and device in its metadata; load_mlp() reads it.
/// @throws InputError where it cannot be written whole.
void write_linear_onnx(const std::filesystem::path& file, const LinearPredictor& predictor);

}  // namespace oneproxy
