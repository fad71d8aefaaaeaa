#include "limit_search.hpp"

#include <sstream>

#include "oneproxy/search/exhaustive.hpp"

namespace oneproxy {

LimitSearch::LimitSearch(SearchProblem problem, std::span<const Architecture> finite, const EvolutionOptions& evolution,
                         const ProgressCallback& progress)
    : problem_(problem), finite_(finite), evolution_(problem, evolution, progress), progress_(progress) {}

double LimitSearch::smallest() {
  if (finite_.empty()) return evolution_.minimum().latency_ms;
  if (!front_) front_ = search_exhaustive(problem_, finite_, progress_);
  return front_->front().latency_ms;
}

Candidate LimitSearch::best_within(double limit) {
  if (finite_.empty()) return evolution_.maximise_accuracy(limit);
  if (!front_) front_ = search_exhaustive(problem_, finite_, progress_);
  return *oneproxy::best_within(*front_, limit);
}

std::string why_no_network(double smallest_ms, std::optional<double> confidence) {
  std::ostringstream why;
  why.precision(4);
  why << "no network is predicted to meet it";
  if (confidence) why << " with probability " << *confidence;
  why << "; the smallest predicted latency is " << smallest_ms << " ms";
  return why.str();
}

void name_networks(std::vector<LimitAnswer>& limits, std::span<const FrontNetwork> front) {
  for (auto& limit : limits) {
    for (std::size_t i = 0; i < front.size(); ++i) {
      if (front[i].measured.median_ms > limit.limit_ms) continue;
      if (!limit.network || front[i].predicted_accuracy >= front[*limit.network].predicted_accuracy) limit.network = i;
    }
    if (limit.network)
      limit.why_not.clear();
    else if (limit.why_not.empty())
      limit.why_not = "no network that was measured meets it";
  }
}

}  // namespace oneproxy
