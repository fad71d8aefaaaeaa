#pragma once

#include <array>

#include "oneproxy/adapt/few_shot_prior.hpp"

namespace oneproxy {

/// Variances of the groups in the order of PriorGroup, and of the noise, where no known device says otherwise; shares
/// of the latency's variance, from docs/results/few_shot.md.
constexpr std::array<double, prior_group_count> default_variance{0.5, 1.0, 0.2, 0.03, 0.1};
constexpr double default_noise = 0.02;

}  // namespace oneproxy
