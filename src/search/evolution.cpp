#include "oneproxy/search/evolution.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <string>

#include "oneproxy/base/error.hpp"
#include "population.hpp"

namespace oneproxy {
namespace {

constexpr float no_limit = std::numeric_limits<float>::infinity();

/// Keeps the `count` members of the least cost; of equal ones those found first.
template <class Cost>
void select(std::vector<std::uint32_t>& members, std::size_t count, const Cost& cost) {
  const auto better = [&](std::uint32_t a, std::uint32_t b) {
    const auto cost_a = cost(a);
    const auto cost_b = cost(b);
    return cost_a != cost_b ? cost_a < cost_b : a < b;
  };
  const auto end = members.begin() + static_cast<std::ptrdiff_t>(std::min(count, members.size()));
  std::partial_sort(members.begin(), end, members.end(), better);
  members.erase(end, members.end());
}

std::string in_ms(double latency_ms) {
  std::ostringstream text;
  text.precision(6);
  text << latency_ms << " ms";
  return text.str();
}

}  // namespace

EvolutionOptions ea1() { return {}; }

EvolutionOptions ea2() {
  return {.population = 500, .parent_ratio = 0.3, .mutation_probability = 0.2, .mutation_ratio = 0.4};
}

EvolutionOptions whole_front() { return {.mutation_probability = 0.05, .mutation_ratio = 0.5, .generations = 200}; }

struct EvolutionarySearch::State {
  State(SearchProblem p, EvolutionOptions o, ProgressCallback callback)
      : problem(p), options(o), progress(std::move(callback)), population(problem, options, archive) {}

  template <class Cost>
  Candidate run(float limit_ms, const MinimumLatency& fast, const Cost& cost);
  void set_scales();

  SearchProblem problem;
  EvolutionOptions options;
  ProgressCallback progress;
  Archive archive;
  Population population;
  std::optional<MinimumLatency> minimum;
  std::uint64_t run_count = 0;  // each run has its own stream of random numbers
  std::size_t planned_runs = 1;
  std::size_t finished_runs = 0;  // of those planned
  double accuracy_scale = 0;      // one over the range; 0 before the first run that needs it
  double latency_scale = 0;
};

/// `cost` may be called once the first population is there.
template <class Cost>
Candidate EvolutionarySearch::State::run(float limit_ms, const MinimumLatency& fast, const Cost& cost) {
  Rng rng = Rng(options.seed).stream(run_count++);
  planned_runs = std::max(planned_runs, finished_runs + 1);
  auto& members = population.members();
  population.fill_random(limit_ms, fast, rng);
  if (accuracy_scale == 0 && limit_ms == no_limit) set_scales();
  select(members, population.parent_count(), cost);
  for (std::size_t generation = 0; generation < options.generations; ++generation) {
    report(progress,
           {"searching", finished_runs * options.generations + generation, planned_runs * options.generations});
    population.breed(limit_ms, rng);
    select(members, population.parent_count(), cost);
  }
  ++finished_runs;
  report(progress, {"searching", finished_runs * options.generations, planned_runs * options.generations});
  return archive.candidate(members.front());
}

void EvolutionarySearch::State::set_scales() {
  float least[2] = {no_limit, no_limit};
  float most[2] = {-no_limit, -no_limit};
  for (const auto i : population.members()) {
    const float values[2] = {archive.latency_ms(i), archive.accuracy(i)};
    for (int k = 0; k < 2; ++k) {
      least[k] = std::min(least[k], values[k]);
      most[k] = std::max(most[k], values[k]);
    }
  }
  latency_scale = most[0] > least[0] ? 1 / static_cast<double>(most[0] - least[0]) : 1;
  accuracy_scale = most[1] > least[1] ? 1 / static_cast<double>(most[1] - least[1]) : 1;
}

EvolutionarySearch::EvolutionarySearch(SearchProblem problem, EvolutionOptions options, ProgressCallback progress) {
  require_valid(options);
  state_ = std::make_unique<State>(problem, options, std::move(progress));
}

EvolutionarySearch::~EvolutionarySearch() = default;

const MinimumLatency& EvolutionarySearch::minimum() {
  State& s = *state_;
  if (!s.minimum) s.minimum = minimum_latency(s.problem.space, s.problem.latency);
  return *s.minimum;
}

Candidate EvolutionarySearch::minimise_fitness(double t) {
  assert(t >= 0 && t <= 1);
  State& s = *state_;
  const MinimumLatency anything{Architecture(s.problem.space.decisions().size()), 0};
  return s.run(no_limit, anything, [&s, t](std::uint32_t i) {
    return (t - 1) * s.accuracy_scale * static_cast<double>(s.archive.accuracy(i)) +
           t * s.latency_scale * static_cast<double>(s.archive.latency_ms(i));
  });
}

Candidate EvolutionarySearch::maximise_accuracy(double limit_ms) {
  State& s = *state_;
  const MinimumLatency& fastest = minimum();
  if (!(limit_ms >= static_cast<double>(fastest.latency_ms))) {
    throw InputError("latency limit " + in_ms(limit_ms),
                     "no architecture can meet it; the smallest predicted latency is " +
                         in_ms(static_cast<double>(fastest.latency_ms)));
  }
  float limit = static_cast<float>(limit_ms);
  if (static_cast<double>(limit) > limit_ms) limit = std::nextafter(limit, 0.0F);
  return s.run(limit, fastest,
               [&s](std::uint32_t i) { return std::pair(-s.archive.accuracy(i), s.archive.latency_ms(i)); });
}

Front EvolutionarySearch::sweep_fitness(std::span<const double> ts) {
  state_->planned_runs = state_->finished_runs + ts.size();
  for (const double t : ts) minimise_fitness(t);
  return front();
}

Front EvolutionarySearch::sweep_limits(std::span<const double> limits_ms) {
  state_->planned_runs = state_->finished_runs + limits_ms.size();
  for (const double limit_ms : limits_ms) maximise_accuracy(limit_ms);
  return front();
}

Front EvolutionarySearch::front() const { return state_->archive.front(); }

std::size_t EvolutionarySearch::evaluation_count() const { return state_->archive.size(); }

}  // namespace oneproxy
