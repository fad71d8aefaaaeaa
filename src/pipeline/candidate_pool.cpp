#include "candidate_pool.hpp"

#include <unordered_set>

#include "oneproxy/base/error.hpp"
#include "oneproxy/measure/recorded.hpp"
#include "oneproxy/predict/accuracy.hpp"

namespace oneproxy {

CandidatePool make_candidate_pool(const SearchSpace& space, Device& target, const Predictor& accuracy,
                                  const RunOptions& options, Rng& rng) {
  const ArchTable* recorded = recorded_table(target, space);
  const std::vector<Architecture>* rated = accuracy_architectures(accuracy);
  CandidatePool pool;
  pool.recorded = recorded != nullptr;
  if (recorded != nullptr) {
    pool.candidates = recorded->architectures;
  } else if (rated != nullptr) {
    pool.candidates = *rated;
  } else {
    pool.candidates = space.sample_distinct(options.candidate_count, rng);
  }
  pool.finite = options.exhaustive || recorded != nullptr || rated != nullptr;
  if (pool.finite) pool.searchable = pool.candidates;
  if (recorded != nullptr && rated != nullptr) {
    const std::unordered_set<Architecture> known(rated->begin(), rated->end());
    std::erase_if(pool.searchable, [&](const Architecture& x) { return !known.contains(x); });
    if (pool.searchable.empty()) {
      throw InputError(target.description(), "holds none of the architectures whose accuracies are known");
    }
  }
  if (pool.candidates.size() < options.sample_count) {
    throw InputError(target.description(), std::to_string(options.sample_count) + " samples were asked for, but only " +
                                               std::to_string(pool.candidates.size()) + " networks are known");
  }
  return pool;
}

void add_graded(const SearchSpace& space, std::size_t count, Rng& rng, std::vector<Architecture>& candidates) {
  double all = 1;  // spellings of architectures
  for (const Decision& decision : space.decisions()) all *= static_cast<double>(decision.options.size());
  if (all < 10 * static_cast<double>(candidates.size())) return;  // the random ones leave little out
  const std::unordered_set<Architecture> known(candidates.begin(), candidates.end());
  for (auto& x : space.sample_graded(count, rng)) {
    if (!known.contains(x)) candidates.push_back(std::move(x));
  }
}

}  // namespace oneproxy
