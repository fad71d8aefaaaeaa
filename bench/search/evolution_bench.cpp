#include <benchmark/benchmark.h>

#include "oneproxy/search/evolution.hpp"
#include "oneproxy/search/pareto.hpp"
#include "problem.hpp"

namespace oneproxy {
namespace {

/// The limit of a third of the way from the smallest latency to the largest of random architectures.
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
  const double flops_per_row = 2.0 * (22 * 400 + 2 * 400 * 400 + 400);
  state.counters["FLOP/s"] =
      benchmark::Counter(evaluations * flops_per_row, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_EvolutionarySearch)
    ->ArgNames({"population", "generations"})
    ->Args({1000, 50})
    ->Unit(benchmark::kMillisecond);

void BM_MinimumLatency(benchmark::State& state) {
  const bench::Problem problem;
  for (auto _ : state) benchmark::DoNotOptimize(minimum_latency(*problem.space, *problem.latency));
}
BENCHMARK(BM_MinimumLatency)->Unit(benchmark::kMillisecond);

enum Form { one_run, limit_sweep, fitness_sweep };

/// How much of the front each form finds, on the problem of this seed. The reference point is the largest of 30 limits
/// and the accuracy of the fastest network.
void BM_Front(benchmark::State& state, Form form, Mutation mutation, std::size_t generations) {
  const bench::Problem problem(static_cast<std::uint64_t>(state.range(0)));
  EvolutionOptions options;
  options.generations = generations;
  options.mutation = mutation;
  const std::vector<double> limits_ms = spread_limits(problem.view(), 30, 1);
  const Architecture fastest = minimum_latency(*problem.space, *problem.latency).architecture;
  const double least_accuracy = static_cast<double>((*problem.accuracy)({&fastest, 1}).front());
  std::vector<double> ts;
  for (int i = 0; i < 30; ++i) ts.push_back((i + 0.5) / 30);
  Front front;
  for (auto _ : state) {
    if (form == one_run) {
      front = search_front(problem.view(), options);
      continue;
    }
    EvolutionarySearch search(problem.view(), options);
    front = form == limit_sweep ? search.sweep_limits(limits_ms) : search.sweep_fitness(ts);
  }
  std::vector<float> latency, accuracy;
  for (const auto& candidate : front) {
    latency.push_back(candidate.latency_ms);
    accuracy.push_back(candidate.accuracy);
  }
  state.counters["points"] = static_cast<double>(front.size());
  state.counters["hypervolume"] = hypervolume(latency, accuracy, limits_ms.back(), least_accuracy);
}
#define ONEPROXY_FRONT(name, ...)                \
  BENCHMARK_CAPTURE(BM_Front, name, __VA_ARGS__) \
      ->ArgName("seed")                          \
      ->DenseRange(1, 3)                         \
      ->Unit(benchmark::kMillisecond)            \
      ->Iterations(1)
ONEPROXY_FRONT(one_run, one_run, Mutation::per_gene, 50);
ONEPROXY_FRONT(one_run_150, one_run, Mutation::per_gene, 150);
ONEPROXY_FRONT(one_run_whole_child, one_run, Mutation::whole_child, 50);
ONEPROXY_FRONT(limits, limit_sweep, Mutation::per_gene, 50);
ONEPROXY_FRONT(limits_whole_child, limit_sweep, Mutation::whole_child, 50);
ONEPROXY_FRONT(fitness, fitness_sweep, Mutation::per_gene, 50);
ONEPROXY_FRONT(fitness_whole_child, fitness_sweep, Mutation::whole_child, 50);

}  // namespace
}  // namespace oneproxy
