#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/base/rng.hpp"
#include "peak.hpp"
#include "workload.hpp"

namespace oneproxy {
namespace {

/// Devices that share most of what makes a network slow.
Eigen::MatrixXd random_latencies(Eigen::Index architectures, Eigen::Index devices) {
  Rng rng(7);
  Eigen::VectorXd common(architectures);
  for (double& value : common) value = rng.normal();
  Eigen::MatrixXd latency_ms(architectures, devices);
  for (Eigen::Index d = 0; d < devices; ++d) {
    const double own = rng.uniform();
    for (Eigen::Index i = 0; i < architectures; ++i) {
      const double value = 20 * std::exp(0.3 * (common[i] + own * rng.normal()));
      latency_ms(i, d) = d % 10 == 9 ? std::round(value) : value;
    }
  }
  return latency_ms;
}

void BM_SrccMatrix(benchmark::State& state) {
  const Eigen::MatrixXd latency_ms = random_latencies(state.range(1), state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(srcc_matrix(latency_ms).data());
  // Each pair's product once.
  const auto devices = static_cast<double>(state.range(0));
  const double flops = devices * devices * static_cast<double>(state.range(1));
  state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["peak"] = bench::peak_flops_double();
}
BENCHMARK(BM_SrccMatrix)->Apply(bench::workload<"srcc_matrix">)->Unit(benchmark::kMillisecond);

void BM_Srcc(benchmark::State& state) {
  Rng rng(1);
  std::vector<double> a(static_cast<std::size_t>(state.range(0)));
  std::vector<double> b(a.size());
  for (double& value : a) value = rng.normal();
  for (double& value : b) value = rng.normal();
  for (auto _ : state) benchmark::DoNotOptimize(srcc(a, b));
}
BENCHMARK(BM_Srcc)->ArgName("architectures")->Arg(50)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace oneproxy
