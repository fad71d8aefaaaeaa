#include "oneproxy/adapt/posterior.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "evidence.hpp"
#include "oneproxy/adapt/monotonicity.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

std::span<const double> view(const Eigen::VectorXd& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

// By how much the evidence of a departure from the plain model must be larger: costs add up, so most devices are
// linear, and most are quiet; ten samples alone cannot tell (docs/results/few_shot.md).
constexpr double logarithm_margin = 5;
constexpr double outlier_margin = 3;

// Samples on one scale, as fit_evidence() takes them.
struct Scaled {
  LatencyScale scale;
  double centre = 0;
  double spread = 1;
  double log_jacobian = 0;  // of y by latency
  Eigen::VectorXd y;
  Eigen::VectorXd rounding;
};

// The step of which all latencies are multiples, e.g. 1 where they were rounded to whole milliseconds; 0 where none.
double rounding_step(std::span<const double> latency_ms) {
  for (const double step : {1.0, 0.1}) {
    if (std::all_of(latency_ms.begin(), latency_ms.end(),
                    [&](double value) { return std::abs(value / step - std::round(value / step)) < 1e-6; }))
      return step;
  }
  return 0;
}

Scaled on_scale(LatencyScale scale, std::span<const double> latency_ms) {
  Scaled result{.scale = scale, .y = {}, .rounding = {}};
  const Eigen::VectorXd latency = Eigen::Map<const Eigen::VectorXd>(latency_ms.data(), std::ssize(latency_ms));
  if (latency.size() == 0) return result;
  const double count = static_cast<double>(latency.size());
  const double step = rounding_step(latency_ms);
  result.rounding = Eigen::VectorXd::Constant(latency.size(), step * step / 12);
  if (scale == LatencyScale::linear) {
    result.y = latency;
  } else if (scale == LatencyScale::logarithm) {
    result.y = latency.array().log();
    result.rounding.array() /= latency.array().square();
    result.log_jacobian = -result.y.sum();
  } else {
    result.y.resize(latency.size());
    const std::vector<double> order = ranks(latency_ms);
    for (Index i = 0; i < latency.size(); ++i) {
      result.y(i) = normal_quantile((order[static_cast<std::size_t>(i)] - 0.5) / count);
    }
    result.rounding.setZero();
  }
  result.centre = result.y.mean();
  const double spread = std::sqrt((result.y.array() - result.centre).square().mean());
  if (spread > 1e-12 * std::abs(result.centre) && spread > 0) result.spread = spread;
  result.y = (result.y.array() - result.centre) / result.spread;
  result.rounding /= result.spread * result.spread;
  result.log_jacobian -= count * std::log(result.spread);
  return result;
}

}  // namespace

Eigen::VectorXd LatencyBelief::median() const {
  return scale == LatencyScale::logarithm ? Eigen::VectorXd(location.array().exp()) : location;
}

Eigen::VectorXd LatencyBelief::measured_quantile(double p) const {
  assert(scale != LatencyScale::rank);
  const Eigen::ArrayXd value = location.array() + normal_quantile(p) * (variance + noise).array().sqrt();
  return scale == LatencyScale::logarithm ? value.exp() : value;
}

FewShotPosterior::FewShotPosterior(const FewShotPrior& prior, std::span<const std::size_t> samples,
                                   std::span<const double> latency_ms, const PosteriorOptions& options)
    : prior_(&prior) {
  assert(samples.size() == latency_ms.size());
  std::vector<double> latency;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    assert(samples[i] < static_cast<std::size_t>(prior.features.rows()));
    if (!std::isfinite(latency_ms[i])) continue;
    samples_.push_back(samples[i]);
    latency.push_back(latency_ms[i]);
  }
  const Index count = std::ssize(samples_);
  sample_features_.resize(count, prior.features.cols());
  for (Index i = 0; i < count; ++i) {
    sample_features_.row(i) =
        prior.features.row(static_cast<Index>(samples_[static_cast<std::size_t>(i)])).cast<double>();
  }
  const SampleKernels kernels(prior, sample_features_);
  Scaled best = on_scale(LatencyScale::linear, latency);
  EvidenceFit fit = fit_evidence(prior, kernels, best.y, best.rounding, false, options.fit_variances && count > 1);
  const auto consider = [&](const Scaled& scaled, bool outliers, double margin) {
    EvidenceFit other = fit_evidence(prior, kernels, scaled.y, scaled.rounding, outliers, options.fit_variances);
    if (!(other.log_evidence + scaled.log_jacobian > fit.log_evidence + best.log_jacobian + margin)) return;
    fit = std::move(other);
    best = scaled;
    has_outliers_ = outliers;
  };
  if (count > 2) {
    std::vector<Scaled> scales{best};
    if (options.try_logarithm && *std::min_element(latency.begin(), latency.end()) > 0) {
      scales.push_back(on_scale(LatencyScale::logarithm, latency));
      consider(scales.back(), false, logarithm_margin);
    }
    if (options.try_outliers) {
      for (const Scaled& scaled : scales) consider(scaled, true, outlier_margin);
    }
    if (options.try_rank && count >= 20) {
      const Scaled scaled = on_scale(LatencyScale::rank, latency);
      EvidenceFit other = fit_evidence(prior, kernels, scaled.y, scaled.rounding, false, options.fit_variances);
      const double clearly = 1 / static_cast<double>(count);
      if (srcc(view(other.left_out), latency) > srcc(view(fit.left_out), latency) + clearly) {
        fit = std::move(other);
        best = scaled;
        has_outliers_ = false;
      }
    }
  }

  scale_ = best.scale;
  centre_ = count > 0 ? best.centre : 0;
  spread_ = best.spread;
  log_evidence_ = fit.log_evidence + best.log_jacobian;
  noise_ = std::exp(fit.log_variance(fit.log_variance.size() - 1));
  sample_noise_ = fit.noise;
  cholesky_ = fit.cholesky;
  weight_variance_ = Eigen::VectorXd::Zero(prior.features.cols());
  for (std::size_t g = 0; g < kernels.groups.size(); ++g) {
    weight_variance_ +=
        std::exp(fit.log_variance(static_cast<Index>(g))) * prior.share.col(static_cast<Index>(kernels.groups[g]));
  }
  weight_mean_ = weight_variance_.cwiseProduct(sample_features_.transpose() * fit.solved);
}

Eigen::VectorXd FewShotPosterior::predict_median() const {
  const Eigen::VectorXf weights = weight_mean_.cast<float>();
  Eigen::VectorXd location = (prior_->features * weights).cast<double>();
  location = location.array() * spread_ + centre_;
  return scale_ == LatencyScale::logarithm ? Eigen::VectorXd(location.array().exp()) : location;
}

double FewShotPosterior::latency_of(double standardised) const {
  const double location = standardised * spread_ + centre_;
  return scale_ == LatencyScale::logarithm ? std::exp(location) : location;
}

LatencyBelief FewShotPosterior::predict() const { return predict(prior_->features); }

LatencyBelief FewShotPosterior::predict(const Eigen::MatrixXf& features) const {
  assert(features.cols() == prior_->features.cols());
  LatencyBelief belief{.scale = scale_, .location = {}, .variance = {}, .noise = {}};
  const Index count = features.rows();
  // Mean and samples' whitened covariances in one product: [mean | L^-1 Phi_s D].
  Eigen::MatrixXf factors(features.cols(), cholesky_.rows() + 1);
  factors.col(0) = weight_mean_.cast<float>();
  const Eigen::MatrixXd scaled = sample_features_ * weight_variance_.asDiagonal();
  if (cholesky_.rows() > 0) {
    factors.rightCols(cholesky_.rows()) =
        cholesky_.triangularView<Eigen::Lower>().solve(scaled).transpose().cast<float>();
  }
  const Eigen::MatrixXf product = features * factors;
  const Eigen::VectorXf before = features.cwiseAbs2() * weight_variance_.cast<float>();
  belief.location = product.col(0).cast<double>().array() * spread_ + centre_;
  belief.variance =
      (before - product.rightCols(cholesky_.rows()).rowwise().squaredNorm()).cwiseMax(0.0F).cast<double>() *
      (spread_ * spread_);
  belief.noise = Eigen::VectorXd::Constant(count, noise_ * spread_ * spread_);
  return belief;
}

Eigen::MatrixXd FewShotPosterior::weight_covariance() const {
  Eigen::MatrixXd result = weight_variance_.asDiagonal();
  if (cholesky_.rows() == 0) return result;
  const Eigen::MatrixXd scaled = sample_features_ * weight_variance_.asDiagonal();
  const Eigen::MatrixXd whitened = cholesky_.triangularView<Eigen::Lower>().solve(scaled);
  result -= whitened.transpose() * whitened;
  return result;
}

// A draw of the prior, corrected by what it misses at the samples (Matheron's rule), is a draw of the posterior.
Eigen::MatrixXf FewShotPosterior::draw_weights(Rng& rng, std::size_t draw_count) const {
  const Eigen::VectorXd deviation = weight_variance_.cwiseSqrt();
  Eigen::MatrixXd draws(weight_variance_.size(), static_cast<Index>(draw_count));
  for (Index draw = 0; draw < draws.cols(); ++draw) {
    for (Index j = 0; j < draws.rows(); ++j) draws(j, draw) = deviation(j) * rng.normal();
  }
  if (cholesky_.rows() > 0) {
    Eigen::MatrixXd missed = sample_features_ * draws;
    for (Index draw = 0; draw < draws.cols(); ++draw) {
      for (Index i = 0; i < missed.rows(); ++i) {
        missed(i, draw) += std::sqrt(sample_noise_(i)) * rng.normal();
      }
    }
    cholesky_.triangularView<Eigen::Lower>().solveInPlace(missed);
    cholesky_.triangularView<Eigen::Lower>().transpose().solveInPlace(missed);
    draws -= weight_variance_.asDiagonal() * (sample_features_.transpose() * missed);
  }
  draws.colwise() += weight_mean_;
  return draws.cast<float>();
}

double FewShotPosterior::expected_srcc(Rng& rng, std::size_t draw_count, std::size_t arch_count) const {
  const auto count = static_cast<std::size_t>(prior_->features.rows());
  std::vector<Index> rows(count);
  std::iota(rows.begin(), rows.end(), Index{0});
  if (count > arch_count) {
    for (std::size_t i = 0; i < arch_count; ++i) std::swap(rows[i], rows[i + rng.below(count - i)]);
    rows.resize(arch_count);
  }
  const Eigen::MatrixXf features = prior_->features(rows, Eigen::all);
  const Eigen::MatrixXd draws = (features * draw_weights(rng, draw_count)).cast<double>();
  const Eigen::VectorXd predicted = features.cast<double>() * weight_mean_;
  const std::vector<double> predicted_ranks = ranks(view(predicted));
  const double noise = std::sqrt(noise_);
  double sum = 0;
  for (Index draw = 0; draw < draws.cols(); ++draw) {
    Eigen::VectorXd measured = draws.col(draw);
    for (double& value : measured) value += noise * rng.normal();
    sum += pearson(predicted_ranks, ranks(view(measured)));
  }
  return sum / static_cast<double>(draw_count);
}

}  // namespace oneproxy
