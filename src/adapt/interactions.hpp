#pragma once

#include <Eigen/Core>
#include <optional>
#include <vector>

#include "oneproxy/adapt/few_shot_prior.hpp"

namespace oneproxy {

/// Latencies of all architectures on each known device, as a Gaussian process predicts them whose kernel is that of the
/// features and, in some part, the cube of the share of choices that two architectures have in common: what a choice
/// costs may depend on the others. Nothing for a device that this does not predict clearly better (leave-one-out error)
/// than the features alone. `features`: standardised; `choices`: ones and zeros. By the rows that every device has, up
/// to 1,000 of them; nothing at all where that is under half of them or under 100.
std::vector<std::optional<Eigen::VectorXd>> predict_with_interactions(const Eigen::MatrixXd& features,
                                                                      const Eigen::MatrixXd& choices,
                                                                      const KnownLatencies& known);

}  // namespace oneproxy
