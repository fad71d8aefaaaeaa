#include "search_study.hpp"

#include <algorithm>

#include "oneproxy/search/exhaustive.hpp"
#include "oneproxy/search/pareto.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t limit_count = 6;

}  // namespace

Front SearchStudy::search(const Predictor& latency, EvolutionOptions options, std::uint64_t number) const {
  const SearchProblem problem{*own_.space, latency, *own_.accuracy};
  options.seed = Rng(seed_).stream(number).next();
  EvolutionarySearch search(problem, options);
  return search.sweep_limits(spread_limits(problem, limit_count, seed_));
}

Front SearchStudy::on_device(std::span<const Architecture> xs, const Predictor& device) const {
  return search_exhaustive({*own_.space, device, *own_.accuracy}, xs);
}

double SearchStudy::hypervolume_of(std::span<const Architecture> xs, const Predictor& device) const {
  std::vector<float> latency;
  std::vector<float> accuracy;
  for (const Candidate& candidate : on_device(xs, device)) {
    latency.push_back(candidate.latency_ms);
    accuracy.push_back(candidate.accuracy);
  }
  const double slowest = std::ranges::max(device(own_.table.architectures));
  return hypervolume(latency, accuracy, slowest, std::ranges::min(own_.accuracies));
}

double SearchStudy::hypervolume_of(const Front& front, const Predictor& device) const {
  return hypervolume_of(architectures_of(front), device);
}

std::vector<Architecture> architectures_of(const Front& front) {
  std::vector<Architecture> xs;
  for (const Candidate& candidate : front) xs.push_back(candidate.architecture);
  return xs;
}

}  // namespace oneproxy
