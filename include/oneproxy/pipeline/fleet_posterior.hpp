#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>

#include "oneproxy/adapt/few_shot_prior.hpp"
#include "oneproxy/pipeline/run.hpp"

namespace oneproxy {

/// The few-shot posterior (docs/design/few_shot.md) for the devices of a fleet, which share their sample architectures
/// and so the prior. What it believes of many architectures is carried over to the encoding by one product, so that a
/// device is told by the weights of a linear predictor. Immutable; safe from any thread.
class FleetPosterior {
 public:
  /// `samples`: the sample architectures; beside them the prior is made of random ones, drawn by `seed`.
  FleetPosterior(const SpacePtr& space, std::span<const Proxy> proxies, std::span<const Architecture> samples,
                 std::uint64_t seed);

  struct Fit {
    Eigen::VectorXd weights;   ///< of the encoding; they rank, and are ms up to a line
    double expected_srcc = 0;  ///< of the ranking with measured latencies, as the posterior expects
  };
  /// `latency_ms`: one for each sample architecture, NaN where it was not measured.
  Fit fit(std::span<const double> latency_ms, std::uint64_t seed) const;

 private:
  std::size_t sample_count_;
  FewShotPrior prior_;          // rows: samples, then random architectures
  Eigen::MatrixXd projection_;  // features of the encoding x rows
};

}  // namespace oneproxy
