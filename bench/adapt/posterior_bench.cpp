#include <benchmark/benchmark.h>

#include <numeric>
#include <vector>

#include "oneproxy/adapt/posterior.hpp"
#include "oneproxy/adapt/select.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy {
namespace {

// 10,000 architectures, nine known devices with random weights of their own, and a target.
struct Problem {
  FewShotPrior prior;
  Eigen::VectorXd latency_ms;

  explicit Problem(const char* space_description) {
    Rng rng(1);
    const SpacePtr space = make_space(space_description);
    std::vector<Architecture> xs;
    for (int i = 0; i < 10'000; ++i) xs.push_back(space->sample(rng));
    const Eigen::MatrixXd encoding = space->few_shot_encoding(xs);
    Eigen::MatrixXd weights(encoding.cols(), 10);
    for (double& weight : weights.reshaped()) weight = rng.uniform();
    weights.colwise() += Eigen::VectorXd::LinSpaced(encoding.cols(), 0, 3);
    const Eigen::MatrixXd latency = encoding * weights;
    KnownLatencies known{std::vector<std::size_t>(900), latency.topLeftCorner(900, 9)};
    std::iota(known.rows.begin(), known.rows.end(), std::size_t{0});
    prior = few_shot_prior(latency.leftCols(9), space->few_shot_features(xs), encoding, known);
    latency_ms = latency.col(9);
    for (double& value : latency_ms) value += 0.1 * rng.normal();
  }
};

const char* const spaces[] = {"nas_bench_201", "fbnet"};

// Fit, means and variances of all 10,000.
void BM_Posterior(benchmark::State& state) {
  const Problem problem(spaces[state.range(0)]);
  Rng rng(1);
  std::vector<std::size_t> candidates(1500);
  std::iota(candidates.begin(), candidates.end(), std::size_t{900});
  const auto samples =
      select_first(problem.prior, candidates, static_cast<std::size_t>(state.range(1)), Selection::greedy, rng);
  std::vector<double> latency_ms;
  for (const std::size_t row : samples) latency_ms.push_back(problem.latency_ms(static_cast<Eigen::Index>(row)));
  for (auto _ : state) {
    const FewShotPosterior posterior(problem.prior, samples, latency_ms);
    benchmark::DoNotOptimize(posterior.predict());
  }
  state.SetLabel(spaces[state.range(0)]);
}
BENCHMARK(BM_Posterior)->ArgNames({"space", "samples"})->ArgsProduct({{0, 1}, {10, 50}})->Unit(benchmark::kMillisecond);

// Ten of 1,500 candidates.
void BM_SelectGreedy(benchmark::State& state) {
  const Problem problem(spaces[state.range(0)]);
  std::vector<std::size_t> candidates(1500);
  std::iota(candidates.begin(), candidates.end(), std::size_t{0});
  for (auto _ : state) {
    Rng rng(1);
    benchmark::DoNotOptimize(select_first(problem.prior, candidates, 10, Selection::greedy, rng));
  }
  state.SetLabel(spaces[state.range(0)]);
}
BENCHMARK(BM_SelectGreedy)->ArgName("space")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace oneproxy
