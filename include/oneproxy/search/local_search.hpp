#pragma once

#include <cstddef>
#include <cstdint>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/search/candidate.hpp"

namespace oneproxy {

struct LocalSearchOptions {
  std::size_t max_evaluations = 2000;  ///< architectures whose accuracy is predicted
  std::uint64_t seed = 1;
  int threads = 1;  ///< for the accuracy predictor; changes no result
};

/// The whole front where accuracies are dear, e.g. trained or measured: Pareto local search (Paquete, Chiarandini and
/// Stuetzle 2004, doi:10.1007/978-3-642-17144-4_7). After a tenth of the evaluations on random architectures, all that
/// differ in one decision from a member of the front are evaluated, member after member in random order; where all of
/// the front were, members of the front of the others follow, and so on. Less than max_evaluations where the space has
/// no more. Every step looks at all that was evaluated, so this is for thousands, not millions.
/// Same result on any number of threads. @throws InputError where max_evaluations is 0.
Front search_front_locally(const SearchProblem& problem, const LocalSearchOptions& options = {},
                           const ProgressCallback& progress = {});

}  // namespace oneproxy
