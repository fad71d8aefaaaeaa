#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "oneproxy/pipeline/evaluate.hpp"

namespace oneproxy {

/// What samples after the first ones are chosen for.
enum class Following {
  ranking,  ///< select_for_ranking()
  front,    ///< select_for_front()
  random,
};

struct CurveOptions {
  EvaluateOptions evaluate;  ///< sample_count of them come first; the method is `posterior`
  Following following = Following::ranking;
  std::size_t most_samples = 60;  ///< a batch is a fifth of the samples before it, at least one
  /// Percent, of each row of the table: judges fronts. Empty: only the ranking is judged, and `following` is not
  /// `front`.
  std::vector<double> accuracy;
  double wanted_srcc = 0.95;   ///< with which, expected, measuring would stop
  double wanted_front = 0.99;  ///< share of the true front's hypervolume, likewise where `following` is `front`
  double confidence = 0.9;     ///< of networks to meet a latency limit
};

/// Means over the repetitions.
struct CurvePoint {
  std::size_t samples = 0;
  double srcc = 0;  ///< over all architectures that were not sampled
  double front =
      0;  ///< hypervolume of the networks that are Pareto-optimal by prediction, as share of the true front's
};

struct TargetCurve {
  std::string target;
  std::vector<CurvePoint> points;
  /// Where measuring would have stopped by itself (enough()), or the last point.
  double stop_samples = 0;
  double stop_srcc = 0;
  double stop_front = 0;
  /// With the last samples, for latency limits at every tenth of the target's latencies: of the most accurate networks
  /// that meet the limit with the probability `confidence` by the posterior, the share that does.
  std::optional<double> met_limits;

  /// Samples of the first point from which on the mean is at least `wanted`.
  std::optional<std::size_t> needed(double CurvePoint::*what, double wanted) const;
};

/// How predictions get better with every sample. Reference point of the hypervolumes: the slowest latency and the
/// lowest accuracy of all. @throws InputError where the options do not fit.
std::vector<TargetCurve> learning_curves(const SpacePtr& space, const ArchTable& table, const CurveOptions& options,
                                         const ProgressCallback& progress = {});

}  // namespace oneproxy
