#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "oneproxy/pipeline/run.hpp"
#include "oneproxy/pipeline/target_posterior.hpp"

namespace oneproxy {

/// What was measured of a prior's rows.
struct MeasuredRows {
  std::vector<std::size_t> rows;
  std::vector<double> latency_ms;
};

struct LearntFront {
  std::shared_ptr<const TargetPosterior> posterior;
  double expected_front = 0;  ///< share of the true front's hypervolume, among the prior's rows
};

/// Fits the posterior to the samples, with further batches of them that serve the front best, until enough is expected
/// (RunOptions::wanted_front) or there are RunOptions::sample_count. `measure` measures a batch and adds it to
/// `samples`, or adds nothing where the time is up. `accuracy`: predicted, one for each row of the prior.
LearntFront learn_front(const std::shared_ptr<const SpacePrior>& prior, std::span<const double> accuracy,
                        const RunOptions& options, const MeasuredRows& samples,
                        const std::function<void(const std::vector<std::size_t>&)>& measure, const Rng& rng);

}  // namespace oneproxy
