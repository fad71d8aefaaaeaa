#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "oneproxy/adapt/few_shot_prior.hpp"
#include "oneproxy/adapt/posterior.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {

/// How the architectures to measure are chosen before anything has been measured.
enum class Selection {
  greedy,            ///< one at a time, the one whose measurement lessens the variance of all candidates together most
  largest_variance,  ///< one at a time, the one whose own latency is least known
  kmeans,            ///< the candidates nearest to the centres of as many clusters, in the prior's features
  stratified,        ///< one random candidate from each quantile bin of the proxies' mean prediction
  random,
};

/// `count` different rows of `candidates` (rows of the prior), in the order in which to measure them. Of more than
/// 1,500 candidates, a random 1,500 are considered (not for stratified and random).
/// @throws InputError where there are fewer candidates.
std::vector<std::size_t> select_first(const FewShotPrior& prior, std::span<const std::size_t> candidates,
                                      std::size_t count, Selection selection, Rng& rng);

/// Further measurements, and what the posterior expects of them.
struct NextBatch {
  std::vector<std::size_t> rows;  ///< of the prior, in the order in which to measure them
  double expected_now = 0;        ///< of the predictions as they are
  double expected_after = 0;      ///< once these have been measured
};

/// The batch that ranks best: chosen like `greedy`, by the posterior after the samples so far and those of the batch
/// before. What is expected is the SRCC with measured latencies. `candidates` should hold no sample.
/// @throws InputError where there are fewer candidates.
NextBatch select_for_ranking(const FewShotPosterior& posterior, const FewShotPrior& prior,
                             std::span<const std::size_t> candidates, std::size_t count, Rng& rng);

/// The batch that serves the front of latency and accuracy best: one at a time the candidate after whose measurement
/// the networks that are Pareto-optimal by prediction are expected to have the largest hypervolume. What is expected is
/// that hypervolume as share of the true front's; the reference point is the largest predicted latency and the lowest
/// accuracy. By 64 draws from the posterior. `accuracy`: one for each architecture of the prior, finite.
/// @throws InputError where there are fewer candidates.
NextBatch select_for_front(const FewShotPosterior& posterior, const FewShotPrior& prior,
                           std::span<const double> accuracy, std::span<const std::size_t> candidates, std::size_t count,
                           Rng& rng);

/// Whether to stop measuring: what is `wanted` is expected already, or the batch would add less than `smallest_gain`.
bool enough(const NextBatch& next, double wanted, double smallest_gain = 0.001);

}  // namespace oneproxy
