#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "oneproxy/adapt/monotonicity.hpp"
#include "oneproxy/adapt/posterior.hpp"
#include "oneproxy/pipeline/interval.hpp"
#include "oneproxy/predict/linear.hpp"

namespace oneproxy {

/// The few-shot prior (docs/design/few_shot.md) of a space: known from some candidates, for any architecture.
/// Immutable; safe from any thread.
class SpacePrior {
 public:
  /// `proxies`: linear predictors of known devices, which the prior is made of beside what networks cost anywhere.
  /// `candidates`: the rows of the prior; samples are chosen from them.
  SpacePrior(SpacePtr space, std::span<const Architecture> candidates,
             std::span<const std::shared_ptr<const LinearPredictor>> proxies, std::uint64_t seed);

  const FewShotPrior& prior() const { return prior_; }
  const SpacePtr& space() const { return space_; }
  /// Rows for FewShotPosterior::predict().
  Eigen::MatrixXf features(std::span<const Architecture> xs) const;

 private:
  Eigen::MatrixXf plain_features(std::span<const Architecture> xs) const;

  SpacePtr space_;
  std::vector<std::shared_ptr<const LinearPredictor>> proxies_;
  FewShotPrior prior_;
  // Where features are sums over the encoding's: one column for each entry of the encoding. That is much faster than
  // building networks for their costs.
  std::optional<Eigen::MatrixXf> by_encoding_;
};

/// A target's latencies after a few measurements, for any architecture. Immutable; safe from any thread.
class TargetPosterior final : public Predictor {
 public:
  /// `samples`: rows of the prior, `latency_ms`: one for each.
  TargetPosterior(std::shared_ptr<const SpacePrior> prior, std::span<const std::size_t> samples,
                  std::span<const double> latency_ms);

  /// Medians, in ms.
  void predict(std::span<const Architecture> xs, std::span<float> out) const override;
  /// Of a measurement, in ms.
  std::vector<Interval> intervals(std::span<const Architecture> xs) const;
  /// Probability that a measurement is at most `limit_ms`.
  double probability_below(const Architecture& x, double limit_ms) const;
  /// A latency in ms that the model extrapolated, made positive: below half of the fastest sample the line bends into a
  /// hyperbola to 0, which keeps every order.
  double positive(double latency_ms) const;
  const FewShotPosterior& few_shot() const { return posterior_; }
  const SpacePrior& prior() const { return *prior_; }

 private:
  std::shared_ptr<const SpacePrior> prior_;
  FewShotPosterior posterior_;
  double bend_ms_;
};

/// Below what it predicts a measurement is with probability `p`: pessimistic above 0.5, optimistic below.
class QuantilePredictor final : public Predictor {
 public:
  /// Precondition: 0 < p < 1.
  QuantilePredictor(std::shared_ptr<const TargetPosterior> posterior, double p)
      : posterior_(std::move(posterior)), p_(p) {}
  void predict(std::span<const Architecture> xs, std::span<float> out) const override;

 private:
  std::shared_ptr<const TargetPosterior> posterior_;
  double p_;
};

/// SRCC of the posterior's medians over the first `judged` samples, cross-validated: each sample predicted from the
/// samples of the other nine folds. Samples that were chosen to serve the front lie where networks differ most and would
/// flatter it.
SrccEstimate cross_validated_srcc(const FewShotPrior& prior, std::span<const std::size_t> samples,
                                  std::span<const double> latency_ms, std::size_t judged, std::uint64_t seed);

}  // namespace oneproxy
