#include <benchmark/benchmark.h>

#include "oneproxy/search/evolution.hpp"
#include "peak.hpp"
#include "problem.hpp"
#include "workload.hpp"

namespace oneproxy {
namespace {

/// A third of the way from the smallest latency to the largest of random architectures.
double tight_limit(const SearchProblem& problem) { return spread_limits(problem, 3, 1).front(); }

void BM_EvolutionarySearch(benchmark::State& state) {
  const bench::Problem problem;
  EvolutionOptions options;
  options.population = static_cast<std::size_t>(state.range(0));
  options.generations = static_cast<std::size_t>(state.range(1));
  const double limit_ms = tight_limit(problem.view());
  double evaluations = 0;
  Candidate best;
  for (auto _ : state) {
    EvolutionarySearch search(problem.view(), options);
    best = search.maximise_accuracy(limit_ms);
    evaluations = static_cast<double>(search.evaluation_count());
  }
  state.counters["evaluations"] = evaluations;
  state.counters["accuracy"] = static_cast<double>(best.accuracy);
  state.counters["FLOP/s"] =
      benchmark::Counter(evaluations * bench::flops_per_accuracy, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["peak"] = bench::peak_flops();
}
BENCHMARK(BM_EvolutionarySearch)->Apply(bench::workload<"evolutionary_search">)->Unit(benchmark::kMillisecond);

void BM_MinimumLatency(benchmark::State& state) {
  const bench::Problem problem;
  for (auto _ : state) benchmark::DoNotOptimize(minimum_latency(*problem.space, *problem.latency));
}
BENCHMARK(BM_MinimumLatency)->Unit(benchmark::kMillisecond);

enum Form { one_run, limit_sweep, fitness_sweep };

/// How much of the front each form finds, on the problem of this seed.
void BM_Front(benchmark::State& state, Form form, const EvolutionOptions& options) {
  const bench::Problem problem(static_cast<std::uint64_t>(state.range(0)));
  const bench::Counted accuracy(*problem.accuracy);
  const SearchProblem counted{*problem.space, *problem.latency, accuracy};
  const bench::Reference reference(problem.view());
  std::vector<double> ts;
  for (int i = 0; i < 30; ++i) ts.push_back((i + 0.5) / 30);
  Front front;
  for (auto _ : state) {
    if (form == one_run) {
      front = search_front(counted, options);
      continue;
    }
    EvolutionarySearch search(counted, options);
    front = form == limit_sweep ? search.sweep_limits(reference.limits_ms) : search.sweep_fitness(ts);
  }
  state.counters["points"] = static_cast<double>(front.size());
  state.counters["hypervolume"] = reference.hypervolume_of(front);
  state.counters["evaluations"] = static_cast<double>(accuracy.count()) / static_cast<double>(state.iterations());
}
EvolutionOptions whole_child(EvolutionOptions options) {
  options.mutation = Mutation::whole_child;
  return options;
}
#define ONEPROXY_FRONT(workload_name, name, ...) \
  BENCHMARK_CAPTURE(BM_Front, name, __VA_ARGS__) \
      ->Apply(bench::workload<workload_name>)    \
      ->Unit(benchmark::kMillisecond)            \
      ->Iterations(1)
ONEPROXY_FRONT("front", one_run, one_run, whole_front());
ONEPROXY_FRONT("front", limits, limit_sweep, ea1());
ONEPROXY_FRONT("front_forms", fitness, fitness_sweep, ea1());
ONEPROXY_FRONT("front_forms", one_run_50, one_run, ea1());
ONEPROXY_FRONT("front_forms", one_run_50_whole_child, one_run, whole_child(ea1()));
ONEPROXY_FRONT("front_forms", limits_whole_child, limit_sweep, whole_child(ea1()));
ONEPROXY_FRONT("front_forms", fitness_whole_child, fitness_sweep, whole_child(ea1()));

}  // namespace
}  // namespace oneproxy
