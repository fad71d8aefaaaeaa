#include <benchmark/benchmark.h>

#include "oneproxy/base/rng.hpp"
#include "oneproxy/search/pareto.hpp"
#include "workload.hpp"

namespace oneproxy {
namespace {

/// Accuracies rise with latency under noise, as those of networks do.
void BM_ParetoFront(benchmark::State& state) {
  Rng rng(7);
  std::vector<float> latency, accuracy;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const double t = rng.uniform();
    latency.push_back(static_cast<float>(t));
    accuracy.push_back(static_cast<float>(70 + 10 * t + rng.normal()));
  }
  for (auto _ : state) benchmark::DoNotOptimize(pareto_front(latency, accuracy));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(BM_ParetoFront)->Apply(bench::workload<"pareto_front">)->Unit(benchmark::kMicrosecond)->Complexity();

}  // namespace
}  // namespace oneproxy
