#include "oneproxy/pipeline/compare.hpp"

#include <algorithm>
#include <limits>

#include "oneproxy/adapt/few_shot_prior.hpp"
#include "oneproxy/adapt/posterior.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/pipeline/front_value.hpp"
#include "oneproxy/predict/flops.hpp"

namespace oneproxy {
namespace {

using Column = std::vector<double>;

Column column_of(const ArchTable& table, std::size_t column) {
  const auto values = table.values.col(static_cast<Eigen::Index>(column));
  return {values.begin(), values.end()};
}

Column predicted(const Predictor& predictor, std::span<const Architecture> xs) {
  const auto values = predictor(xs);
  return {values.begin(), values.end()};
}

}  // namespace

std::vector<CompareRow> compare_methods(const SpacePtr& space, const ArchTable& table, std::size_t proxy,
                                        std::size_t target, const Predictor& accuracy, const CompareOptions& options,
                                        const ProgressCallback& progress) {
  const auto& xs = table.architectures;
  const Column proxy_ms = column_of(table, proxy);
  const Column target_ms = column_of(table, target);
  const FrontValue judge(target_ms, predicted(accuracy, xs));
  const LinearPredictor proxy_predictor = fit_linear(space, xs, proxy_ms, {.seed = options.seed});
  const Column by_target = predicted(fit_linear(space, xs, target_ms, {.seed = options.seed}), xs);
  const Column by_proxy = predicted(proxy_predictor, xs);
  const Column by_flops = predicted(FlopsPredictor(space), xs);
  const double reference = judge.hypervolume_of(by_target);

  const auto fixed = [&](const char* method, const Column& latency, std::size_t measurements) {
    const double ratio = judge.hypervolume_of(latency) / reference;
    return CompareRow{method, srcc(latency, target_ms), ratio, ratio, measurements};
  };
  // The posterior knows the same of the proxy, and what every network costs on any device.
  const Eigen::Map<const Eigen::MatrixXd> as_prior(by_proxy.data(), static_cast<Eigen::Index>(xs.size()), 1);
  const FewShotPrior prior = few_shot_prior(as_prior, space->few_shot_features(xs), space->few_shot_encoding(xs));

  CompareRow adapted{"adapted", 0, 0, std::numeric_limits<double>::infinity(), options.sample_count};
  CompareRow posterior = adapted;
  posterior.method = "posterior";
  const auto add = [&](CompareRow& row, const Column& latency) {
    const auto draws = static_cast<double>(options.draw_count);
    const double ratio = judge.hypervolume_of(latency) / reference;
    row.srcc += srcc(latency, target_ms) / draws;
    row.hypervolume_ratio += ratio / draws;
    row.lowest_ratio = std::min(row.lowest_ratio, ratio);
  };
  const Rng root(options.seed);
  for (std::size_t draw = 0; draw < options.draw_count; ++draw) {
    report(progress, {"comparing", draw, options.draw_count});
    Rng rng = root.stream(draw);
    const auto chosen = choose_samples(by_proxy, options.sample_count, options.sampling, {}, rng);
    std::vector<Architecture> samples;
    Column latency;
    for (const std::size_t i : chosen) {
      samples.push_back(xs[i]);
      latency.push_back(target_ms[i]);
    }
    AdaptationOptions adaptation = options.adaptation;
    adaptation.seed = rng.next();
    add(adapted, predicted(adapt(proxy_predictor, samples, latency, adaptation).predictor, xs));
    const Eigen::VectorXd median = FewShotPosterior(prior, chosen, latency).predict_median();
    add(posterior, {median.begin(), median.end()});
  }
  return {fixed("target", by_target, xs.size()), adapted, posterior, fixed("proxy", by_proxy, 0),
          fixed("flops", by_flops, 0)};
}

}  // namespace oneproxy
