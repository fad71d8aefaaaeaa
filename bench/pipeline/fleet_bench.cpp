#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>

#include "../search/problem.hpp"
#include "oneproxy/pipeline/fleet.hpp"
#include "oneproxy/search/pareto.hpp"

namespace oneproxy {
namespace {

/// The paper's space; devices simulated from two known ones, the second with every operator's cost drawn anew.
struct Fleet {
  bench::Problem problem;
  std::vector<Proxy> proxies;
  FleetSamples samples;
  FleetOptions options;

  explicit Fleet(std::size_t count) {
    Eigen::VectorXd other = problem.latency->weights_ms();
    Rng rng(2);
    for (double& weight : other) weight *= std::exp(rng.normal());
    proxies.push_back({"first", std::make_shared<LinearPredictor>(*problem.latency)});
    proxies.push_back({"second", std::make_shared<LinearPredictor>(problem.space, other)});
    FleetFile file;
    file.devices.emplace_back(Simulation{.count = count, .base = {}});
    samples = gather_samples(file, problem.space, proxies, std::vector<std::vector<Proxy>>{proxies},
                             problem.space->sample_distinct(10'000, rng), {});
  }
  FleetProblem view() const {
    return {.space = problem.space, .proxies = proxies, .accuracy = *problem.accuracy, .samples = samples};
  }
  Front searched(std::size_t device) const {
    const LinearPredictor latency(problem.space, model_device(view(), options, device).weights_ms);
    EvolutionOptions evolution = options.evolution;
    evolution.seed = device + 1;
    return search_front({*problem.space, latency, *problem.accuracy}, evolution);
  }
  /// Of the fronts of the first devices.
  NetworkPool pool(std::size_t searches) const {
    std::vector<Architecture> xs;
    for (std::size_t d = 0; d < searches; ++d) {
      for (const auto& candidate : searched(d)) xs.push_back(candidate.architecture);
    }
    return NetworkPool(problem.space, std::move(xs), *problem.accuracy);
  }
};

/// A device's predictor from 50 samples: Eqn. (3), lambda by ten folds.
void BM_FleetModel(benchmark::State& state) {
  const Fleet fleet(100);
  FleetOptions options = fleet.options;
  options.threshold = 1.1;  // every device is adapted
  std::size_t device = 0;
  for (auto _ : state) benchmark::DoNotOptimize(model_device(fleet.view(), options, device++ % 100));
}
BENCHMARK(BM_FleetModel)->Unit(benchmark::kMillisecond);

/// A device's front from a pool of networks.
void BM_FleetFront(benchmark::State& state) {
  const Fleet fleet(100);
  const NetworkPool pool = fleet.pool(static_cast<std::size_t>(state.range(0)));
  const Eigen::VectorXd weights = model_device(fleet.view(), fleet.options, 99).weights_ms;
  for (auto _ : state) benchmark::DoNotOptimize(pool.front(pool.latency_ms(weights)));
  state.counters["networks"] = static_cast<double>(pool.size());
}
BENCHMARK(BM_FleetFront)->ArgName("searches")->Arg(4)->Arg(32)->Unit(benchmark::kMillisecond);

/// What a pool of so many devices' fronts is worth to 20 others: hypervolume relative to a search of their own.
void BM_FleetPoolHypervolume(benchmark::State& state) {
  const Fleet fleet(100);
  double mean = 0;
  double lowest = 0;
  for (auto _ : state) {
    const NetworkPool pool = fleet.pool(static_cast<std::size_t>(state.range(0)));
    mean = 0;
    lowest = 1e9;
    for (std::size_t device = 80; device < 100; ++device) {
      const auto latency = pool.latency_ms(model_device(fleet.view(), fleet.options, device).weights_ms);
      std::vector<float> own_latency;
      std::vector<float> own_accuracy;
      for (const auto& candidate : fleet.searched(device)) {
        own_latency.push_back(candidate.latency_ms);
        own_accuracy.push_back(candidate.accuracy);
      }
      const double slowest = std::max(std::ranges::max(latency), std::ranges::max(own_latency));
      const double floor = std::min(pool.accuracy(pool.size() - 1), std::ranges::min(own_accuracy));
      const double ratio = hypervolume(std::span<const float>(latency), pool.accuracies(), slowest, floor) /
                           hypervolume(own_latency, own_accuracy, slowest, floor);
      mean += ratio / 20;
      lowest = std::min(lowest, ratio);
    }
    state.counters["networks"] = static_cast<double>(pool.size());
  }
  state.counters["mean_ratio"] = mean;
  state.counters["lowest_ratio"] = lowest;
}
BENCHMARK(BM_FleetPoolHypervolume)
    ->ArgName("searches")
    ->Arg(4)
    ->Arg(16)
    ->Arg(32)
    ->Arg(64)
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace oneproxy
