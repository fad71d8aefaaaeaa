#include "oneproxy/search/minimum_latency.hpp"

#include <algorithm>
#include <vector>

namespace oneproxy {
namespace {

class Descent {
 public:
  Descent(const SearchSpace& space, const Predictor& latency) : space_(space), latency_(latency) {}

  /// For one pair of decisions in `moved` after the other, takes the best of all their options; until a whole pass
  /// over the pairs changes nothing.
  void descend(MinimumLatency& best, const std::vector<std::size_t>& moved) {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < moved.size(); ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
          xs_.clear();
          add_variants(best.architecture, moved[j], moved[i]);
          changed |= take_best(best);
        }
      }
    }
  }

  MinimumLatency evaluate(const Architecture& x) {
    MinimumLatency result{space_.canonical(x), 0};
    latency_.predict({&result.architecture, 1}, {&result.latency_ms, 1});
    return result;
  }

 private:
  void add_variants(const Architecture& x, std::size_t a, std::size_t b) {
    const auto decisions = space_.decisions();
    Architecture y = x;
    for (std::size_t i = 0; i < decisions[a].options.size(); ++i) {
      y[a] = static_cast<std::uint8_t>(i);
      for (std::size_t j = 0; j < decisions[b].options.size(); ++j) {
        y[b] = static_cast<std::uint8_t>(j);
        if (y != x) xs_.push_back(y);
      }
    }
  }

  bool take_best(MinimumLatency& best) {
    if (xs_.empty()) return false;
    space_.canonicalise(xs_);
    values_.resize(xs_.size());
    latency_.predict(xs_, values_);
    const auto lowest = static_cast<std::size_t>(std::ranges::min_element(values_) - values_.begin());
    if (!(values_[lowest] < best.latency_ms)) return false;
    best = {xs_[lowest], values_[lowest]};
    return true;
  }

  const SearchSpace& space_;
  const Predictor& latency_;
  std::vector<Architecture> xs_;
  std::vector<float> values_;
};

/// Whether some option of decision d makes others not matter, seen from the architecture of all last options.
bool switches_others(const SearchSpace& space, const Architecture& last, std::size_t d) {
  for (std::uint8_t option = 0; option < last[d]; ++option) {
    Architecture x = last;
    x[d] = option;
    if (space.canonical(x) != x) return true;
  }
  return false;
}

}  // namespace

MinimumLatency minimum_latency(const SearchSpace& space, const Predictor& latency) {
  const auto decisions = space.decisions();
  Architecture last(decisions.size());
  for (std::size_t d = 0; d < decisions.size(); ++d) {
    last[d] = static_cast<std::uint8_t>(decisions[d].options.size() - 1);
  }
  std::vector<std::size_t> all, plain, switches;
  for (std::size_t d = 0; d < decisions.size(); ++d) {
    all.push_back(d);
    (switches_others(space, last, d) ? switches : plain).push_back(d);
  }

  Descent descent(space, latency);
  MinimumLatency best = descent.evaluate(last);
  descent.descend(best, plain);  // each block by itself, while all are present
  descent.descend(best, switches);
  descent.descend(best, all);
  MinimumLatency smallest = descent.evaluate(Architecture(decisions.size()));
  descent.descend(smallest, all);
  return smallest.latency_ms < best.latency_ms ? smallest : best;
}

}  // namespace oneproxy
