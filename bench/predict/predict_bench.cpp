#include <benchmark/benchmark.h>

#include <cmath>

#include "oneproxy/predict/mlp.hpp"

namespace oneproxy {
namespace {

std::vector<Architecture> random_architectures(const SearchSpace& space, std::int64_t count) {
  Rng rng(7);
  std::vector<Architecture> xs;
  for (std::int64_t i = 0; i < count; ++i) xs.push_back(space.sample(rng));
  return xs;
}

void BM_Encode(benchmark::State& state) {
  const SpacePtr space = make_space("mobilenet_v2");
  const auto xs = random_architectures(*space, state.range(0));
  ActiveFeatures active;
  for (auto _ : state) {
    active.clear();
    space->active_features(xs, active);
    benchmark::DoNotOptimize(active.index.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Encode)->ArgName("architectures")->Arg(1000);

/// The paper's accuracy predictor on this space: 190-400-400-400-1.
void BM_PredictMlp(benchmark::State& state) {
  const SpacePtr space = make_space("mobilenet_v2");
  const auto xs = random_architectures(*space, state.range(0));
  const Eigen::Index sizes[] = {static_cast<Eigen::Index>(space->feature_count()), 400, 400, 400, 1};
  Rng rng(1);
  std::vector<DenseLayer> layers;
  for (std::size_t i = 0; i + 1 < std::size(sizes); ++i) {
    DenseLayer layer{FeatureMatrix(sizes[i], sizes[i + 1]), Eigen::VectorXf::Zero(sizes[i + 1])};
    for (auto& weight : layer.weight.reshaped()) weight = static_cast<float>(0.07 * rng.normal());
    layers.push_back(std::move(layer));
  }
  const MlpPredictor mlp(space, std::move(layers));
  std::vector<float> out(xs.size());
  for (auto _ : state) {
    mlp.predict(xs, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["FLOP/s"] = benchmark::Counter(static_cast<double>(state.range(0)) * 2.0 * (2 * 400 * 400 + 23 * 400),
                                                benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_PredictMlp)->ArgName("architectures")->Arg(60)->Arg(1000);

}  // namespace
}  // namespace oneproxy
