#include "oneproxy/search/exhaustive.hpp"

#include <algorithm>

#include "oneproxy/search/pareto.hpp"

namespace oneproxy {

Front search_exhaustive(const SearchProblem& problem, std::span<const Architecture> xs,
                        const ProgressCallback& progress) {
  constexpr std::size_t chunk = 1200;
  std::vector<float> latency(xs.size());
  std::vector<float> accuracy(xs.size());
  for (std::size_t begin = 0; begin < xs.size(); begin += chunk) {
    report(progress, {"evaluating", begin, xs.size()});
    const std::size_t count = std::min(chunk, xs.size() - begin);
    problem.latency.predict(xs.subspan(begin, count), std::span(latency).subspan(begin, count));
    problem.accuracy.predict(xs.subspan(begin, count), std::span(accuracy).subspan(begin, count));
  }
  report(progress, {"evaluating", xs.size(), xs.size()});
  Front front;
  for (const std::size_t i : pareto_front(std::span<const float>(latency), std::span<const float>(accuracy))) {
    front.push_back({xs[i], latency[i], accuracy[i]});
  }
  return front;
}

const Candidate* best_within(const Front& front, double limit_ms) {
  const auto above = std::ranges::partition_point(
      front, [&](const Candidate& c) { return static_cast<double>(c.latency_ms) <= limit_ms; });
  return above == front.begin() ? nullptr : &*(above - 1);
}

}  // namespace oneproxy
