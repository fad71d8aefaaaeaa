#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/search/candidate.hpp"
#include "oneproxy/search/minimum_latency.hpp"

namespace oneproxy {

/// How a child that was chosen to mutate does: the paper leaves it open. docs/design/search.md compares them.
enum class Mutation : std::uint8_t {
  per_gene,    ///< each decision is drawn anew with the mutation probability
  whole_child  ///< with the mutation probability all decisions are drawn anew
};

/// The paper's appendix A; the defaults are its EA#1.
struct EvolutionOptions {
  std::size_t population = 1000;
  double parent_ratio = 0.25;         ///< share of the population that survives and breeds
  double mutation_probability = 0.1;  ///< see Mutation
  double mutation_ratio = 0.25;       ///< children that may mutate, as share of the population
  std::size_t generations = 50;
  Mutation mutation = Mutation::per_gene;
  std::uint64_t seed = 1;
  int threads = 1;  ///< for the accuracy predictor; changes no result
};

/// EA#1 and EA#2 of appendix A.2.
EvolutionOptions ea1();
EvolutionOptions ea2();
/// With these one search_front() finds at least the hypervolume of 30 runs of EA#1 with a limit each: 200 generations,
/// more children that mutate, each in fewer decisions.
EvolutionOptions whole_front();

/// Evolutionary search. Every run keeps what it evaluates; an architecture seen before is not evaluated again, in
/// whatever run. Same problem, options and calls give the same results on any number of threads.
/// Not safe to share between threads.
class EvolutionarySearch {
 public:
  /// Calls `progress` after every generation of every run.
  /// @throws InputError for options out of range.
  EvolutionarySearch(SearchProblem problem, EvolutionOptions options, ProgressCallback progress = {});
  ~EvolutionarySearch();

  /// Eqn. (4): the least (t - 1) accuracy + t latency for a t of 0..1. Both are divided by their ranges over the
  /// first random population, since a percent and a millisecond have no common measure.
  Candidate minimise_fitness(double t);

  /// Eqns. (1) and (2): the highest accuracy of latency <= limit_ms.
  /// @throws InputError before searching where no architecture is predicted to be so fast, naming the smallest latency.
  Candidate maximise_accuracy(double limit_ms);

  /// A run for each t or limit, sharing what was evaluated. Returns front().
  Front sweep_fitness(std::span<const double> ts);
  Front sweep_limits(std::span<const double> limits_ms);

  /// The non-dominated set of everything evaluated.
  Front front() const;
  /// Architectures whose accuracy was predicted.
  std::size_t evaluation_count() const;
  /// Found when first needed.
  const MinimumLatency& minimum();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The whole front in one run: survivors are chosen by non-dominated rank and crowding instead of by one fitness
/// (Deb et al. 2002, doi:10.1109/4235.996017), and parents are near each other in latency.
/// Same result on any number of threads. @throws InputError for options out of range.
Front search_front(const SearchProblem& problem, const EvolutionOptions& options,
                   const ProgressCallback& progress = {});

/// `count` latency limits spread evenly from just above the smallest predicted latency to the largest of
/// `sample_count` random architectures.
std::vector<double> spread_limits(const SearchProblem& problem, std::size_t count, std::uint64_t seed);

}  // namespace oneproxy
