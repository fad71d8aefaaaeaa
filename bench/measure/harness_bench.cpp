#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>

#include "oneproxy/measure/protocol.hpp"

namespace oneproxy {
namespace {

long interruptions_of_this_process() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

/// What the measuring process does between runs, on its own core: choosing the next network, telling the parent (here a
/// pipe), asking the kernel for interruptions, keeping samples and deciding when to stop, for 40 networks whose runs
/// take about `run_us` without any work. "share" is that time relative to the runs' own; caches that it takes from the
/// networks are not in it, but the uncounted runs before each burst pay for those.
void BM_MeasuringHarness(benchmark::State& state) {
  const double run_ms = static_cast<double>(state.range(0)) / 1e3;
  int ends[2];
  if (pipe(ends) != 0) return state.SkipWithError("no pipe");
  Rng rng(7);
  Rng noise(8);
  std::vector<double> latencies(4096);
  for (double& latency : latencies) latency = run_ms * std::exp(0.3 * noise.normal());
  std::size_t run_count = 0;
  double timed_ms = 0;
  long interruptions = 0;
  const BlockTimer timer{.run_ms =
                             [&](std::size_t) {
                               const double latency = latencies[run_count++ % latencies.size()];
                               timed_ms += latency;
                               interruptions = interruptions_of_this_process();
                               return latency;
                             },
                         .finished = [](std::size_t, auto&& timed) { benchmark::DoNotOptimize(timed.raw_ms.data()); },
                         .before_burst =
                             [&](std::size_t network) {
                               char message[64] = {static_cast<char>(network)};
                               if (write(ends[1], message, sizeof message) < 0) state.SkipWithError("no pipe");
                               if (read(ends[0], message, sizeof message) < 0) state.SkipWithError("no pipe");
                             },
                         .was_disturbed = {}};
  for (auto _ : state) timer(40, {}, rng);
  close(ends[0]);
  close(ends[1]);
  state.counters["ns_per_run"] = benchmark::Counter(static_cast<double>(run_count) / 1e9,
                                                    benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["share"] =
      benchmark::Counter(timed_ms / 1e3, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(BM_MeasuringHarness)->ArgName("run_us")->Arg(300)->Arg(3000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace oneproxy
