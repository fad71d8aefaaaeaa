#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

#include "oneproxy/adapt/few_shot_prior.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {

/// The scale on which latencies are linear in the features.
enum class LatencyScale {
  linear,
  logarithm,
  rank,  ///< normal scores of the samples' ranks: the posterior orders architectures, and knows no latencies
};

struct PosteriorOptions {
  bool try_logarithm = true;  ///< where the evidence is clearly larger (never with a latency <= 0)
  bool try_outliers = true;   ///< noise by Student's t with 4 degrees of freedom, where its evidence is clearly larger
  bool try_rank = true;       ///< where the samples, each predicted from the others, are ranked clearly better
  bool fit_variances = true;  ///< by maximum marginal likelihood; otherwise the prior's own
};

/// Belief in the latencies of some architectures: normal on `scale`.
struct LatencyBelief {
  LatencyScale scale = LatencyScale::linear;
  Eigen::VectorXd location;  ///< ms or log(ms)
  Eigen::VectorXd variance;  ///< of the latency itself, without the noise of a measurement
  Eigen::VectorXd noise;     ///< variance that a measurement has besides

  /// Median, in ms (on the scale `rank`: normal scores).
  Eigen::VectorXd median() const;
  /// The measured latency is below this with probability `p`. Precondition: 0 < p < 1, scale is not `rank`.
  Eigen::VectorXd measured_quantile(double p) const;
};

/// What a few measurements on the target say of the latencies of all architectures of a prior: Bayesian linear
/// regression whose variances maximise the marginal likelihood. Immutable; safe from any thread; results do not
/// depend on it. Keeps a reference to the prior.
class FewShotPosterior {
 public:
  /// `samples`: rows of the prior; `latency_ms`: one for each, NaN where missing (as if not sampled).
  /// With no samples that are left it is the prior itself, around 0 with variance 1.
  FewShotPosterior(const FewShotPrior& prior, std::span<const std::size_t> samples, std::span<const double> latency_ms,
                   const PosteriorOptions& options = {});

  /// All architectures of the prior.
  LatencyBelief predict() const;
  /// Architectures of these features (rows; features_of()).
  LatencyBelief predict(const Eigen::MatrixXf& features) const;
  /// The medians alone, which rank the architectures: cheaper.
  Eigen::VectorXd predict_median() const;
  /// SRCC that predict_median() is expected to have with measured latencies of all architectures, from `draw_count`
  /// draws of the posterior on up to `arch_count` architectures.
  double expected_srcc(Rng& rng, std::size_t draw_count = 64, std::size_t arch_count = 500) const;
  /// Draws of the weights from the posterior: features x draws, on the standardised scale.
  Eigen::MatrixXf draw_weights(Rng& rng, std::size_t draw_count) const;

  /// What a value on the standardised scale is in ms (on the scale `rank`: in normal scores).
  double latency_of(double standardised) const;

  LatencyScale scale() const { return scale_; }
  bool has_outliers() const { return has_outliers_; }
  /// Logarithm of the marginal likelihood of the samples on the scale chosen (of ms, so that scales compare).
  double log_evidence() const { return log_evidence_; }
  /// Variances of the weights, on the standardised scale.
  const Eigen::VectorXd& weight_variance() const { return weight_variance_; }
  double noise_variance() const { return noise_; }
  /// Covariance of the weights: features x features, on the standardised scale.
  Eigen::MatrixXd weight_covariance() const;
  /// Means of the weights, on the standardised scale.
  const Eigen::VectorXd& weight_mean() const { return weight_mean_; }

 private:
  const FewShotPrior* prior_;
  LatencyScale scale_ = LatencyScale::linear;
  bool has_outliers_ = false;
  double log_evidence_ = 0;
  double centre_ = 0;  // of the samples on the scale, and their standard deviation
  double spread_ = 1;
  double noise_ = 0;
  std::vector<std::size_t> samples_;
  Eigen::VectorXd sample_noise_;
  Eigen::VectorXd weight_variance_;
  Eigen::VectorXd weight_mean_;
  Eigen::MatrixXd sample_features_;
  Eigen::MatrixXd cholesky_;  // of the samples' covariance, lower
};

}  // namespace oneproxy
