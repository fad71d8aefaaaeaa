#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/pipeline/fleet.hpp"
#include "oneproxy/pipeline/front.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

std::vector<double> predictions(const LinearPredictor& predictor, std::span<const Architecture> xs) {
  const Eigen::VectorXd values = predictor.latency_ms(xs);
  return {values.begin(), values.end()};
}

Eigen::MatrixXd columns_of(const Eigen::MatrixXd& all, std::span<const std::size_t> chosen) {
  Eigen::MatrixXd result(all.rows(), std::ssize(chosen));
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    result.col(static_cast<Index>(i)) = all.col(static_cast<Index>(chosen[i]));
  }
  return result;
}

}  // namespace

DeviceModel model_device(const FleetProblem& problem, const FleetOptions& options, std::size_t device) {
  const auto xs = problem.samples.measured(device);
  const auto latency = problem.samples.latencies(device);
  DeviceModel model;
  std::vector<double> predicted;
  for (std::size_t p = 0; p < problem.proxies.size(); ++p) {
    auto by_proxy = predictions(*problem.proxies[p].predictor, xs);
    const SrccEstimate estimate = estimate_srcc(by_proxy, latency);
    if (p > 0 && !(estimate.srcc > model.before.srcc) && !std::isnan(model.before.srcc)) continue;
    model.proxy = p;
    model.before = estimate;
    predicted = std::move(by_proxy);
  }
  const LinearPredictor& proxy = *problem.proxies[model.proxy].predictor;
  model.monotone = decide_monotonicity(model.before, options.decision, options.threshold).answer;
  model.weights_ms = proxy.weights_ms();
  const std::uint64_t seed = Rng(options.seed).stream(device).next();
  if (problem.posterior != nullptr) {
    const auto all = problem.samples.latency_ms.col(static_cast<Index>(device));
    auto fit = problem.posterior->fit({all.data(), static_cast<std::size_t>(all.size())}, seed);
    model.after = fit.expected_srcc;
    model.weights_ms = std::move(fit.weights);
    predicted = predictions(LinearPredictor(problem.space, model.weights_ms), xs);
  } else if (model.monotone != Monotonicity::monotone) {
    AdaptationOptions adaptation = options.adaptation;
    adaptation.seed = seed;
    const AdaptedProxy adapted = adapt(proxy, xs, latency, adaptation);
    model.after = adapted.validation_srcc_after;
    model.lambda = adapted.lambda;
    model.weights_ms = adapted.predictor.weights_ms();
    predicted = predictions(adapted.predictor, xs);
  }
  // Into the device's milliseconds; the ranking stays.
  const Line line = fit_line(predicted, latency);
  model.weights_ms *= line.slope;
  model.weights_ms[model.weights_ms.size() - 1] += line.intercept;
  return model;
}

std::vector<std::size_t> proxy_candidates(std::size_t device_count, std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> devices(device_count);
  std::iota(devices.begin(), devices.end(), std::size_t{0});
  if (device_count <= count) return devices;
  Rng rng(seed);
  rng.shuffle(std::span(devices));
  devices.resize(count);
  std::ranges::sort(devices);
  return devices;
}

FleetCover cover_fleet(const FleetSamples& samples, std::vector<std::size_t> candidates, const Eigen::MatrixXd& srcc,
                       double threshold, int threads) {
  assert(srcc.rows() == std::ssize(candidates));
  FleetCover cover{.candidates = std::move(candidates),
                   .steps = cover_with_proxies(srcc, threshold),
                   .cluster = {},
                   .cluster_srcc = {}};
  for (auto& step : cover.steps) step.proxy = cover.candidates[step.proxy];
  std::vector<std::size_t> proxies;
  for (const auto& step : cover.steps) proxies.push_back(step.proxy);
  const Eigen::MatrixXd proxy_ms = columns_of(samples.latency_ms, proxies);
  constexpr Index block = 4096;  // bounds the memory of their correlations
  for (Index begin = 0; begin < samples.latency_ms.cols(); begin += block) {
    const Index count = std::min(block, samples.latency_ms.cols() - begin);
    const Eigen::MatrixXd with_proxies = srcc_between(samples.latency_ms.middleCols(begin, count), proxy_ms, threads);
    for (Index d = 0; d < count; ++d) {
      Index best = 0;
      for (Index k = 0; k < with_proxies.cols(); ++k) {
        const double r = with_proxies(d, k);
        if (r > with_proxies(d, best) || (std::isnan(with_proxies(d, best)) && !std::isnan(r))) best = k;
      }
      const auto own = std::ranges::find(proxies, static_cast<std::size_t>(begin + d));
      if (own != proxies.end()) best = own - proxies.begin();
      cover.cluster.push_back(static_cast<std::size_t>(best));
      cover.cluster_srcc.push_back(with_proxies(d, best));
    }
  }
  return cover;
}

}  // namespace oneproxy
