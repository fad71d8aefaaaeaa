#include "oneproxy/pipeline/target_posterior.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace oneproxy {
namespace {

using Eigen::Index;

// A run needs latencies, which a posterior of ranks does not have.
constexpr PosteriorOptions kOptions{.try_rank = false};

Eigen::MatrixXd predictions(std::span<const Architecture> xs,
                            std::span<const std::shared_ptr<const LinearPredictor>> proxies) {
  Eigen::MatrixXd all(static_cast<Index>(xs.size()), static_cast<Index>(proxies.size()));
  for (std::size_t p = 0; p < proxies.size(); ++p) all.col(static_cast<Index>(p)) = proxies[p]->latency_ms(xs);
  return all;
}

// Weights by which `features` are sums over the encoding of `xs` to the precision of a float; nothing where they are
// not, or where there are too few architectures to tell.
std::optional<Eigen::MatrixXf> sums_over_encoding(const SearchSpace& space, std::span<const Architecture> xs,
                                                  const Eigen::MatrixXf& features) {
  const std::size_t needed = 4 * space.feature_count();
  if (xs.size() < needed) return {};
  const Eigen::MatrixXd encoding = space.encode(xs.first(needed)).cast<double>();
  const Eigen::MatrixXd known = features.topRows(static_cast<Index>(needed)).cast<double>();
  // Features that no architecture has, and blocks with exactly one, leave the rank short.
  const Eigen::MatrixXd weights = Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd>(encoding).solve(known);
  if ((space.encode(xs).cast<double>() * weights - features.cast<double>()).cwiseAbs().maxCoeff() > 1e-4) return {};
  return weights.transpose().cast<float>();
}

}  // namespace

SpacePrior::SpacePrior(SpacePtr space, std::span<const Architecture> candidates,
                       std::span<const std::shared_ptr<const LinearPredictor>> proxies, std::uint64_t seed)
    : space_(std::move(space)),
      proxies_(proxies.begin(), proxies.end()),
      prior_(few_shot_prior(predictions(candidates, proxies), space_->few_shot_features(candidates),
                            space_->few_shot_encoding(candidates), {}, {.seed = seed})),
      by_encoding_(sums_over_encoding(*space_, candidates, prior_.features)) {}

Eigen::MatrixXf SpacePrior::plain_features(std::span<const Architecture> xs) const {
  return prior_.features_of(predictions(xs, proxies_), space_->few_shot_features(xs), space_->few_shot_encoding(xs));
}

Eigen::MatrixXf SpacePrior::features(std::span<const Architecture> xs) const {
  if (!by_encoding_) return plain_features(xs);
  ActiveFeatures active;
  active.clear();
  space_->active_features(xs, active);
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> result =
      Eigen::MatrixXf::Zero(static_cast<Index>(xs.size()), by_encoding_->rows());
  for (std::size_t i = 0; i < xs.size(); ++i) {
    for (const auto feature : active.row(i)) {
      result.row(static_cast<Index>(i)) += by_encoding_->col(feature).transpose();
    }
  }
  return result;
}

TargetPosterior::TargetPosterior(std::shared_ptr<const SpacePrior> prior, std::span<const std::size_t> samples,
                                 std::span<const double> latency_ms)
    : prior_(std::move(prior)),
      posterior_(prior_->prior(), samples, latency_ms, kOptions),
      bend_ms_(0.5 * *std::ranges::min_element(latency_ms)) {}

double TargetPosterior::positive(double latency_ms) const {
  return latency_ms < bend_ms_ ? bend_ms_ * bend_ms_ / (2 * bend_ms_ - latency_ms) : latency_ms;
}

void TargetPosterior::predict(std::span<const Architecture> xs, std::span<float> out) const {
  const Eigen::VectorXf standardised = prior_->features(xs) * posterior_.weight_mean().cast<float>();
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const double latency_ms = posterior_.latency_of(static_cast<double>(standardised(static_cast<Index>(i))));
    out[i] = static_cast<float>(positive(latency_ms));
  }
}

std::vector<Interval> TargetPosterior::intervals(std::span<const Architecture> xs) const {
  const LatencyBelief belief = posterior_.predict(prior_->features(xs));
  const Eigen::VectorXd low = belief.measured_quantile(0.05);
  const Eigen::VectorXd median = belief.median();
  const Eigen::VectorXd high = belief.measured_quantile(0.95);
  std::vector<Interval> result;
  for (Index i = 0; i < median.size(); ++i)
    result.push_back({positive(low(i)), positive(median(i)), positive(high(i))});
  return result;
}

double TargetPosterior::probability_below(const Architecture& x, double limit_ms) const {
  const LatencyBelief belief = posterior_.predict(prior_->features({&x, 1}));
  const double limit = belief.scale == LatencyScale::logarithm ? std::log(limit_ms) : limit_ms;
  const double deviation = std::sqrt(belief.variance(0) + belief.noise(0));
  return std::erfc((belief.location(0) - limit) / (std::sqrt(2.0) * std::max(deviation, 1e-300))) / 2;
}

void QuantilePredictor::predict(std::span<const Architecture> xs, std::span<float> out) const {
  const LatencyBelief belief = posterior_->few_shot().predict(posterior_->prior().features(xs));
  const Eigen::VectorXd quantile = belief.measured_quantile(p_);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    out[i] = static_cast<float>(posterior_->positive(quantile(static_cast<Index>(i))));
  }
}

SrccEstimate cross_validated_srcc(const FewShotPrior& prior, std::span<const std::size_t> samples,
                                  std::span<const double> latency_ms, std::size_t judged, std::uint64_t seed) {
  constexpr std::size_t fold_count = 10;
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng(seed).shuffle(std::span(order));
  std::vector<double> predicted(samples.size());
  const std::size_t folds = std::min(fold_count, samples.size());
  for (std::size_t fold = 0; fold < folds; ++fold) {
    std::vector<std::size_t> rows;
    std::vector<double> latency;
    for (std::size_t k = 0; k < order.size(); ++k) {
      if (k % folds == fold) continue;
      rows.push_back(samples[order[k]]);
      latency.push_back(latency_ms[order[k]]);
    }
    const Eigen::VectorXd median = FewShotPosterior(prior, rows, latency, kOptions).predict_median();
    for (std::size_t k = fold; k < order.size(); k += folds) {
      predicted[order[k]] = median[static_cast<Index>(samples[order[k]])];
    }
  }
  return estimate_srcc(std::span(predicted).first(judged), latency_ms.first(judged));
}

}  // namespace oneproxy
