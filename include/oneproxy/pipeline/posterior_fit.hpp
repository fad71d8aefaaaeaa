#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "oneproxy/adapt/few_shot_prior.hpp"
#include "oneproxy/adapt/monotonicity.hpp"
#include "oneproxy/predict/linear.hpp"

namespace oneproxy {

/// A target's predictor by the few-shot posterior, and how well it ranks.
struct PosteriorFit {
  LinearPredictor predictor;
  SrccEstimate srcc;  ///< cross-validated: each sample predicted from the samples of the other folds
};

/// The few-shot posterior (docs/design/few_shot.md) as a method of a run: its belief in a fixed set of candidates,
/// carried over to the whole space by a linear predictor fitted to it. Immutable; safe from any thread.
class PosteriorMethod {
 public:
  /// `proxies`: linear predictors of known devices, which the prior is made of beside what networks cost anywhere.
  PosteriorMethod(SpacePtr space, std::span<const Architecture> candidates,
                  std::span<const std::shared_ptr<const LinearPredictor>> proxies, std::uint64_t seed);

  /// `samples`: candidates measured on the target, `latency_ms`: one for each.
  PosteriorFit fit(std::span<const std::size_t> samples, std::span<const double> latency_ms) const;

 private:
  SpacePtr space_;
  std::span<const Architecture> candidates_;
  std::uint64_t seed_;
  FewShotPrior prior_;
};

}  // namespace oneproxy
