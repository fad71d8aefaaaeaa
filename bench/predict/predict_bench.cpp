#include <benchmark/benchmark.h>

#include "oneproxy/predict/accuracy.hpp"
#include "oneproxy/predict/linear.hpp"
#include "peak.hpp"
#include "search/problem.hpp"
#include "workload.hpp"

namespace oneproxy {
namespace {

std::vector<Architecture> random_architectures(const SearchSpace& space, std::int64_t count) {
  Rng rng(7);
  std::vector<Architecture> xs;
  for (std::int64_t i = 0; i < count; ++i) xs.push_back(space.sample(rng));
  return xs;
}

void count_architectures(benchmark::State& state, std::size_t count) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
  state.SetComplexityN(static_cast<std::int64_t>(count));
}

#define ONEPROXY_IN_SPACE(function, space)      \
  BENCHMARK_CAPTURE(function, space, #space)    \
      ->Apply(bench::workload<"architectures">) \
      ->Unit(benchmark::kMicrosecond)           \
      ->Complexity()

/// The one-hot encoding as lists of the ones, in batches as predictors take them.
void BM_Encode(benchmark::State& state, const char* space_name) {
  const SpacePtr space = make_space(space_name);
  const auto xs = random_architectures(*space, state.range(0));
  constexpr std::size_t batch = 1000;
  ActiveFeatures active;
  for (auto _ : state) {
    for (std::size_t begin = 0; begin < xs.size(); begin += batch) {
      active.clear();
      space->active_features(std::span(xs).subspan(begin, std::min(batch, xs.size() - begin)), active);
      benchmark::DoNotOptimize(active.index.data());
    }
  }
  count_architectures(state, xs.size());
}
ONEPROXY_IN_SPACE(BM_Encode, mobilenet_v2);
ONEPROXY_IN_SPACE(BM_Encode, ofa_mobilenet_v3);
ONEPROXY_IN_SPACE(BM_Encode, nas_bench_201);
ONEPROXY_IN_SPACE(BM_Encode, fbnet);

void BM_PredictLinear(benchmark::State& state, const char* space_name) {
  const SpacePtr space = make_space(space_name);
  const auto xs = random_architectures(*space, state.range(0));
  const LinearPredictor linear(space,
                               Eigen::VectorXd::LinSpaced(static_cast<Eigen::Index>(space->feature_count()), 1, 2));
  std::vector<float> out(xs.size());
  for (auto _ : state) {
    linear.predict(xs, out);
    benchmark::DoNotOptimize(out.data());
  }
  count_architectures(state, xs.size());
}
ONEPROXY_IN_SPACE(BM_PredictLinear, mobilenet_v2);
ONEPROXY_IN_SPACE(BM_PredictLinear, ofa_mobilenet_v3);
ONEPROXY_IN_SPACE(BM_PredictLinear, nas_bench_201);
ONEPROXY_IN_SPACE(BM_PredictLinear, fbnet);

/// Looked up, each in an order that is not the table's.
void BM_PredictTable(benchmark::State& state) {
  const SpacePtr space = make_space("nas_bench_201");
  ArchTable table{
      .file = "table.csv", .notes = {}, .columns = {"accuracy"}, .architectures = {}, .lines = {}, .values = {}};
  Rng rng(7);
  table.architectures = space->sample_distinct(static_cast<std::size_t>(state.range(0)), rng);
  table.values = Eigen::MatrixXd::Random(state.range(0), 1);
  const TablePredictor predictor(space, table, 0);
  std::vector<Architecture> xs = table.architectures;
  rng.shuffle<Architecture>(xs);
  std::vector<float> out(xs.size());
  for (auto _ : state) {
    predictor.predict(xs, out);
    benchmark::DoNotOptimize(out.data());
  }
  count_architectures(state, xs.size());
}
BENCHMARK(BM_PredictTable)->ArgName("architectures")->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMicrosecond);

/// The accuracy predictor of the search (bench/search/problem.hpp).
void BM_PredictMlp(benchmark::State& state) {
  const bench::Problem problem;
  const auto xs = random_architectures(*problem.space, state.range(0));
  std::vector<float> out(xs.size());
  for (auto _ : state) {
    problem.accuracy->predict(xs, out);
    benchmark::DoNotOptimize(out.data());
  }
  count_architectures(state, xs.size());
  state.counters["FLOP/s"] = benchmark::Counter(static_cast<double>(xs.size()) * bench::flops_per_accuracy,
                                                benchmark::Counter::kIsIterationInvariantRate);
  state.counters["peak"] = bench::peak_flops();
}
BENCHMARK(BM_PredictMlp)->Apply(bench::workload<"accuracy_predictor">)->Unit(benchmark::kMicrosecond)->Complexity();

}  // namespace
}  // namespace oneproxy
