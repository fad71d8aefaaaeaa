#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>

#include "oneproxy/adapt/few_shot_prior.hpp"

namespace oneproxy {

/// Orders architectures where some of a device's values are no latencies: one that is not positive says that it could
/// not run the network, and counts as less than every latency. Networks that ran say how long others take, and which
/// ran says which others will, by the same prior; the result is each architecture's expected rank, from 0 to 1.
/// With positive values alone it is the order of FewShotPosterior's medians.
/// `samples`: rows of the prior, `latency_ms`: one for each. Safe from any thread.
Eigen::VectorXd rank_with_failures(const FewShotPrior& prior, std::span<const std::size_t> samples,
                                   std::span<const double> latency_ms);

}  // namespace oneproxy
