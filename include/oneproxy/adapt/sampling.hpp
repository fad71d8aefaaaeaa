#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "oneproxy/base/rng.hpp"

namespace oneproxy {

enum class Sampling {
  stratified,  ///< one random candidate from each quantile bin of the proxy's latency
  random,      ///< the paper's: uniform over the candidates
};

/// Which candidates to measure on the target: `count` different indices into `proxy_latency` (the proxy's predicted
/// latency of each candidate), none of them in `taken`.
/// With `taken` from earlier batches the bins are those of the whole (taken and new), and the new ones fill bins that
/// hold none yet, so that the whole stays stratified. Depends on the arguments and on `rng` alone.
/// @throws InputError where fewer than `count` candidates are left.
std::vector<std::size_t> choose_samples(std::span<const double> proxy_latency, std::size_t count, Sampling sampling,
                                        std::span<const std::size_t> taken, Rng& rng);

}  // namespace oneproxy
