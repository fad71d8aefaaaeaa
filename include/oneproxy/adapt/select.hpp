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

/// The next batch, chosen like `greedy` by the posterior after the samples so far and those of the batch before.
/// `candidates` should hold no sample. @throws InputError where there are fewer candidates.
std::vector<std::size_t> select_next(const FewShotPosterior& posterior, const FewShotPrior& prior,
                                     std::span<const std::size_t> candidates, std::size_t count, Rng& rng);

/// Whether to stop measuring: the SRCC that the posterior expects of itself is `wanted` already, or the last batch
/// raised it by less than `smallest_gain`.
bool enough(double expected_srcc_before, double expected_srcc_now, double wanted, double smallest_gain = 0.001);

}  // namespace oneproxy
