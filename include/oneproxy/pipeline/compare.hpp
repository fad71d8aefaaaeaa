#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/adapt/sampling.hpp"
#include "oneproxy/base/progress.hpp"
#include "oneproxy/predict/predictor.hpp"
#include "oneproxy/space/arch_table.hpp"

namespace oneproxy {

struct CompareOptions {
  std::size_t sample_count = 50;  ///< measurements on the target that an adaptation sees
  std::size_t draw_count = 30;    ///< repetitions, each with samples of its own
  Sampling sampling = Sampling::stratified;
  AdaptationOptions adaptation;
  std::uint64_t seed = 1;
};

/// How well the networks found by one latency predictor are for the target.
struct CompareRow {
  std::string method;  ///< "target", "adapted" (Eqn. (3)), "posterior" (docs/design/few_shot.md), "proxy", "flops"
  double srcc = 0;     ///< of predicted and measured latency over all architectures; mean over the draws
  double hypervolume_ratio = 0;  ///< to the front of the target's own predictor; mean over the draws
  double lowest_ratio = 0;       ///< of any draw
  std::size_t measurements = 0;  ///< on the target
};

/// The paper's exhaustive experiment (Figs. 14 and 22, bottom): every row of a table is a candidate, its accuracy is
/// the predicted one. Each method ranks the candidates by its latency predictor; its Pareto-optimal set is then judged
/// by the latencies recorded for the target. The reference point of the hypervolume is the slowest latency and the
/// lowest accuracy of all candidates. "target" is a predictor fitted to all of the target's column, "proxy" one fitted
/// to all of the proxy's. Precondition: both columns are latencies (require_latencies).
std::vector<CompareRow> compare_methods(const SpacePtr& space, const ArchTable& table, std::size_t proxy,
                                        std::size_t target, const Predictor& accuracy, const CompareOptions& options,
                                        const ProgressCallback& progress);

}  // namespace oneproxy
