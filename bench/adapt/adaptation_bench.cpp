#include <benchmark/benchmark.h>

#include <vector>

#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "workload.hpp"

namespace oneproxy {
namespace {

// 21 blocks of nine operators and the constant, 60 training and 20 validation samples, 100 lambdas (appendix B.2).
struct PaperCase {
  SpacePtr space = make_space("mobilenet_v2");
  std::vector<Architecture> samples;
  std::vector<double> latency_ms;
  Eigen::VectorXd proxy_weights = Eigen::VectorXd(190);

  PaperCase() {
    Rng rng(1);
    samples = space->sample_distinct(80, rng);
    for (double& weight : proxy_weights) weight = 0.5 + rng.uniform();
    Eigen::VectorXd target = proxy_weights;
    for (double& weight : target) weight *= 1 + 0.5 * rng.normal();
    for (const double value : LinearPredictor(space, target).latency_ms(samples)) {
      latency_ms.push_back(value + 0.1 * rng.normal());
    }
  }
};

// The whole path on the training samples, the choice on the validation samples, the fit to all samples.
void BM_AdaptLambdaPath(benchmark::State& state) {
  const PaperCase paper;
  AdaptationOptions options;
  options.norm = state.range(0) == 1 ? AdaptationNorm::l1 : AdaptationNorm::l2;
  options.validation = state.range(1) == 0 ? LambdaValidation::split : LambdaValidation::folds;
  const LinearPredictor proxy(paper.space, paper.proxy_weights);
  for (auto _ : state) benchmark::DoNotOptimize(adapt(proxy, paper.samples, paper.latency_ms, options));
}
BENCHMARK(BM_AdaptLambdaPath)->Apply(bench::workload<"adapt_lambda_path">)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace oneproxy
