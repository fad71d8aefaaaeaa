#pragma once

#include <vector>

#include "oneproxy/pipeline/run.hpp"

namespace oneproxy {

/// The networks that a run knows by name.
struct CandidatePool {
  std::vector<Architecture> candidates;  ///< that samples are chosen from
  std::vector<Architecture> searchable;  ///< where finite: the only ones that can be found
  bool recorded = false;                 ///< the target replays a table
  bool finite = false;                   ///< the target or the accuracies are a table, or RunOptions::exhaustive
};

/// A table's networks, else options.candidate_count random ones.
/// @throws InputError where there are too few, or no searchable one.
CandidatePool make_candidate_pool(const SearchSpace& space, Device& target, const Predictor& accuracy,
                                  const RunOptions& options, Rng& rng);

/// Adds `count` networks of every size (SearchSpace::sample_graded()), less those that are there already: a front runs
/// through all sizes, and random networks nearly all lie in the middle of it. A space of which the candidates are a
/// good part gets none.
void add_graded(const SearchSpace& space, std::size_t count, Rng& rng, std::vector<Architecture>& candidates);

}  // namespace oneproxy
