#include <benchmark/benchmark.h>

#include "oneproxy/predict/accuracy.hpp"
#include "oneproxy/search/exhaustive.hpp"
#include "oneproxy/space/nas_bench_201.hpp"

namespace oneproxy {
namespace {

/// The exact front of all 15,625 architectures, whose predictions stand in two tables.
void BM_ExhaustiveNasBench201(benchmark::State& state) {
  const SpacePtr space = make_space("nas_bench_201");
  ArchTable table{.file = "table.csv",
                  .notes = {},
                  .columns = {"latency_ms", "accuracy"},
                  .architectures = {},
                  .lines = {},
                  .values = Eigen::MatrixXd(NasBench201::architecture_count, 2)};
  Rng rng(7);
  for (std::size_t i = 0; i < NasBench201::architecture_count; ++i) {
    table.architectures.push_back(NasBench201::architecture(i));
    const double size = rng.uniform();
    table.values.row(static_cast<Eigen::Index>(i)) << 1 + 9 * size, 60 + 10 * size + 5 * rng.normal();
  }
  const TablePredictor latency(space, table, 0), accuracy(space, table, 1);
  Front front;
  for (auto _ : state) {
    front = search_exhaustive({*space, latency, accuracy}, table.architectures);
    benchmark::DoNotOptimize(front.data());
  }
  state.counters["points"] = static_cast<double>(front.size());
}
BENCHMARK(BM_ExhaustiveNasBench201)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace oneproxy
