#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "oneproxy/base/simd.hpp"
#include "peak.hpp"

namespace oneproxy::bench {
namespace {

constexpr int chain_count = 12;  // more than latency times throughput, few enough for 16 registers with the operands
constexpr std::size_t round_count = 200'000;

template <class Number, int bytes>
struct VectorOf {
  using type [[gnu::vector_size(bytes)]] = Number;
};

/// Independent chains of x = x * a + b, which tend to a limit and so stay normal numbers. Returns the operations done.
template <class Number, int bytes>
[[gnu::always_inline]] inline double run_chains() {
  using V = typename VectorOf<Number, bytes>::type;
  V chains[chain_count];
  Number a = static_cast<Number>(0.999), b = static_cast<Number>(0.001);
  benchmark::DoNotOptimize(a);
  benchmark::DoNotOptimize(b);
#pragma GCC unroll 12
  for (int i = 0; i < chain_count; ++i) chains[i] = V{} + static_cast<Number>(i);
  for (std::size_t round = 0; round < round_count; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < chain_count; ++i) chains[i] = chains[i] * a + b;
  }
#pragma GCC unroll 12
  for (int i = 0; i < chain_count; ++i) benchmark::DoNotOptimize(chains[i]);
  return 2.0 * chain_count * static_cast<double>(round_count) * (bytes / sizeof(Number));
}

template <class Number>
double run_generic() {
  return run_chains<Number, 16>();
}
#if defined(__x86_64__)
template <class Number>
__attribute__((target("avx2,fma"))) double run_avx2() {
  return run_chains<Number, 32>();
}
template <class Number>
__attribute__((target("avx512f"))) double run_avx512() {
  return run_chains<Number, 64>();
}
#endif

template <class Number>
double run_widest() {
#if defined(__x86_64__)
  if (has_simd(Simd::avx512)) return run_avx512<Number>();
  if (has_simd(Simd::avx2)) return run_avx2<Number>();
#endif
  return run_generic<Number>();
}

/// The best of 20: others may use the core in between.
template <class Number>
double measured_peak() {
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const double operations = run_widest<Number>();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    best = std::max(best, operations / seconds.count());
  }
  return best;
}

template <class Number>
void BM_PeakFlops(benchmark::State& state) {
  double operations = 0;
  for (auto _ : state) operations += run_widest<Number>();
  state.counters["FLOP/s"] = benchmark::Counter(operations, benchmark::Counter::kIsRate);
}
BENCHMARK(BM_PeakFlops<float>)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PeakFlops<double>)->Unit(benchmark::kMillisecond);

}  // namespace

double peak_flops() {
  static const double peak = measured_peak<float>();
  return peak;
}

double peak_flops_double() {
  static const double peak = measured_peak<double>();
  return peak;
}

}  // namespace oneproxy::bench
