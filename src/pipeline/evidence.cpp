#include "oneproxy/pipeline/evidence.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "oneproxy/base/rng.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/pipeline/run.hpp"

namespace oneproxy {
namespace {

template <class T>
std::vector<T> pick(std::span<const T> values, std::span<const std::size_t> indices) {
  std::vector<T> picked;
  for (const std::size_t i : indices) picked.push_back(values[i]);
  return picked;
}

}  // namespace

std::vector<Proposal> in_target_ms(const Front& front, const Line& line) {
  std::vector<Proposal> proposals;
  for (const Candidate& c : front) proposals.push_back({c.architecture, c.accuracy, line(c.latency_ms)});
  return proposals;
}

DeviceMatrix device_matrix(std::span<const std::string> names,
                           std::span<const std::shared_ptr<const LinearPredictor>> predictors,
                           std::span<const Architecture> samples, std::span<const double> latency_ms,
                           const std::string& target) {
  assert(names.size() == predictors.size() && samples.size() == latency_ms.size());
  DeviceMatrix matrix;
  matrix.names.assign(names.begin(), names.end());
  matrix.names.push_back(target);
  std::vector<std::vector<double>> latency;
  for (const auto& predictor : predictors) {
    const auto predicted = (*predictor)(samples);
    latency.emplace_back(predicted.begin(), predicted.end());
  }
  latency.emplace_back(latency_ms.begin(), latency_ms.end());
  for (const auto& row : latency) {
    auto& line = matrix.srcc.emplace_back();
    for (const auto& column : latency) line.push_back(srcc(row, column));
  }
  return matrix;
}

std::vector<EarlierEstimate> earlier_estimates(
    std::span<const double> proxy_ms, std::span<const double> latency_ms,
    const std::function<SrccEstimate(std::span<const std::size_t> samples)>& after, std::uint64_t seed) {
  assert(proxy_ms.size() == latency_ms.size());
  std::vector<std::size_t> order(latency_ms.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng rng(seed);
  rng.shuffle(std::span(order));
  std::vector<EarlierEstimate> estimates;
  const auto add = [&](std::size_t count) {
    const std::span<const std::size_t> some(order.data(), count);
    EarlierEstimate estimate{.before = estimate_srcc(pick(proxy_ms, some), pick(latency_ms, some)), .after = {}};
    if (after) estimate.after = after(some);
    estimates.push_back(std::move(estimate));
  };
  for (const std::size_t count : {10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000}) {
    if (count < order.size()) add(count);
  }
  if (!order.empty()) add(order.size());
  return estimates;
}

Evidence gather_evidence(const RunResult& result, const Device& target, const Proxy& proxy,
                         const std::vector<Proxy>& proxies, std::span<const Architecture> samples,
                         std::span<const double> latency_ms, const std::optional<AdaptationOptions>& adaptation,
                         std::uint64_t seed) {
  assert(result.before.sample_count <= samples.size());
  const auto judged = samples.first(result.before.sample_count);
  const auto judged_ms = latency_ms.first(judged.size());
  Evidence evidence;
  std::vector<std::string> names;
  std::vector<std::shared_ptr<const LinearPredictor>> predictors;
  for (const auto& known : proxies) {
    names.push_back(known.name);
    predictors.push_back(known.predictor);
  }
  evidence.devices = device_matrix(names, predictors, judged, judged_ms, "target");
  std::function<SrccEstimate(std::span<const std::size_t>)> after;
  if (adaptation) {
    after = [&](std::span<const std::size_t> some) {
      return cross_validated_srcc(*proxy.predictor, pick(judged, some), pick(judged_ms, some), *adaptation);
    };
  }
  const auto predicted = (*proxy.predictor)(judged);
  evidence.estimates =
      earlier_estimates(std::vector<double>(predicted.begin(), predicted.end()), judged_ms, after, seed);
  for (const auto& x : samples) {
    const NetworkCosts cost = costs(result.space->network(x));
    evidence.flops.push_back(cost.flops);
    evidence.bytes.push_back(cost.bytes);
  }
  evidence.proxy_networks = proxy.predictor->training().sample_count;
  std::vector<Architecture> front;
  for (const auto& n : result.front) front.push_back(n.measured.architecture);
  constexpr int profile_runs = 20;
  evidence.layers = profile_layers(target, *result.space, front, profile_runs, result.seed);
  evidence.roof = roof_of(target);
  return evidence;
}

}  // namespace oneproxy
