#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "oneproxy/adapt/lambda_path.hpp"
#include "oneproxy/adapt/monotonicity.hpp"
#include "oneproxy/predict/linear.hpp"

namespace oneproxy {

/// On which samples lambda is judged.
enum class LambdaValidation {
  split,  ///< the paper's: validation_count samples drawn at random, the rest trains
  folds,  ///< every sample once, predicted by a fit to the other folds
};

/// Defaults are justified in docs/design/adaptation.md.
struct AdaptationOptions {
  AdaptationNorm norm = AdaptationNorm::l2;
  bool intercept = false;
  LambdaValidation validation = LambdaValidation::folds;
  std::size_t validation_count = 20;       ///< of a split
  double most_validation_share = 1.0 / 3;  ///< of the samples that a split takes
  std::size_t fold_count = 10;
  std::size_t lambda_count = 100;
  double smallest_lambda = 1e-4;  ///< as a share of the smallest lambda with b = 0
  bool refit = true;  ///< after a split: fit all samples with the chosen lambda, else keep the fit to the training part
  std::uint64_t seed = 1;  ///< of the split or the folds
};

/// One lambda as judged on the validation samples.
struct LambdaScore {
  double lambda = 0;           ///< infinity: the proxy itself
  double validation_srcc = 0;  ///< NaN where its predictions are all equal
  double validation_rmse_ms = 0;
  auto operator<=>(const LambdaScore&) const = default;
};

/// Weights adapted by Eqn. (3), and how they came about.
struct AdaptedWeights {
  Eigen::VectorXd weights;  ///< (alpha + b) o w
  double alpha = 1;
  double intercept_ms = 0;
  Eigen::VectorXd b;
  double lambda = 0;                  ///< infinity where the unadapted proxy was best: b = 0
  double validation_srcc_before = 0;  ///< of the proxy
  double validation_srcc_after = 0;   ///< of the chosen lambda; never below validation_srcc_before
  std::vector<LambdaScore> path;      ///< from infinity downwards
};

/// Eqn. (3) for any predictor that is linear in something: `x`, one row for each sample, is what its `weights` multiply
/// (an encoding, or what the last layer of a neural network reads), the last column being 1.
/// Same rules, preconditions and failures as adapt() below.
AdaptedWeights adapt_weights(const Eigen::MatrixXd& x, const Eigen::VectorXd& weights,
                             std::span<const double> latency_ms, const AdaptationOptions& options = {});

/// The AdaProxy device's predictor, and how it came about.
struct AdaptedProxy {
  LinearPredictor predictor;
  double alpha = 1;
  double intercept_ms = 0;
  Eigen::VectorXd b;
  double lambda = 0;                  ///< infinity where the unadapted proxy was best: b = 0
  double validation_srcc_before = 0;  ///< of the proxy
  double validation_srcc_after = 0;   ///< of the chosen lambda; never below validation_srcc_before
  std::vector<LambdaScore> path;      ///< from infinity downwards
};

/// Adapts the proxy to a target by Eqn. (3). lambda has the highest SRCC on the validation samples over its whole path,
/// then the least squared error, then the largest value; the proxy itself (lambda = infinity) is one of the candidates.
/// Preconditions: equal sizes, latencies finite. @throws InputError for fewer than fewest_adaptation_samples.
AdaptedProxy adapt(const LinearPredictor& proxy, std::span<const Architecture> samples,
                   std::span<const double> latency_ms, const AdaptationOptions& options = {});

constexpr std::size_t fewest_adaptation_samples = 6;

/// SRCC that the adapted proxy reaches on architectures it has not seen, by cross-validation: each sample is predicted
/// by an adaptation (choice of lambda included) to the samples of the other folds. Same preconditions as adapt().
SrccEstimate cross_validated_srcc(const LinearPredictor& proxy, std::span<const Architecture> samples,
                                  std::span<const double> latency_ms, const AdaptationOptions& options = {});
/// The same for adapt_weights().
SrccEstimate cross_validated_srcc(const Eigen::MatrixXd& x, const Eigen::VectorXd& weights,
                                  std::span<const double> latency_ms, const AdaptationOptions& options = {});

}  // namespace oneproxy
