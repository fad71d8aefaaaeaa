#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/predict/mlp.hpp"

namespace oneproxy {

/// How the paper's accuracy predictor is fitted. Defaults are justified in docs/design/training.md.
struct AccuracyFitOptions {
  int hidden = 400;                ///< width of the three hidden layers
  double held_out_share = 0.2;     ///< for the figures reported; never seen by the fit
  double validation_share = 0.15;  ///< of the rest; chooses the epoch and the weight decay
  int max_epochs = 200;
  int patience = 30;  ///< epochs without a better validation error
  int batch = 32;
  double learning_rate = 3e-4;
  double dropout = 0.2;
  std::uint64_t seed = 1;
};

/// How well predicted and measured accuracies of the held-out architectures agree.
struct FitQuality {
  double srcc = 0;
  double rmse = 0;  ///< percent points
};

struct AccuracyFit {
  std::vector<DenseLayer> layers;  ///< predict percent from the one-hot encoding; four layers
  std::size_t fitted_count = 0;    ///< validation architectures included
  std::size_t held_out_count = 0;
  FitQuality mlp;
  FitQuality ridge;         ///< of regularised least squares on the same split, for comparison
  double spread = 0;        ///< standard deviation of the held-out accuracies, percent points: RMSE of a constant
  double weight_decay = 0;  ///< that was chosen
  int epochs = 0;
};

/// Fits four fully-connected layers with ReLU (the paper's predictor) to measured accuracies (percent): first to what
/// ridge regression predicts for random architectures, then to the measurements. Accuracies are standardised for the
/// fit, and the last layer scales them back. Deterministic in the seed on one number of threads.
/// @throws InputError for fewer than 20 architectures or accuracies that are all alike; Stopped where `progress` says
/// so.
AccuracyFit fit_accuracy(const SpacePtr& space, std::span<const Architecture> xs,
                         std::span<const double> accuracy_percent, const AccuracyFitOptions& options = {},
                         const ProgressCallback& progress = {});

}  // namespace oneproxy
