#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/pipeline/result.hpp"
#include "oneproxy/search/evolution.hpp"

namespace oneproxy {

/// The most accurate network within a latency limit, in the units of the problem's latency predictor: by evolution, or
/// among `finite` where that is not empty. Searches when first asked; what the problem refers to must outlive it.
class LimitSearch {
 public:
  LimitSearch(SearchProblem problem, std::span<const Architecture> finite, const EvolutionOptions& evolution,
              const ProgressCallback& progress);

  /// The smallest predicted latency.
  double smallest();
  /// Eqns. (1) and (2). Precondition: limit >= smallest().
  Candidate best_within(double limit);

 private:
  SearchProblem problem_;
  std::span<const Architecture> finite_;
  std::optional<Front> front_;  // of finite_
  EvolutionarySearch evolution_;
  const ProgressCallback& progress_;
};

/// Why no network is predicted to meet a limit, for people.
std::string why_no_network(double smallest_ms, std::optional<double> confidence);

/// For each limit the most accurate network of the front that meets it as measured, or why there is none.
void name_networks(std::vector<LimitAnswer>& limits, std::span<const FrontNetwork> front);

}  // namespace oneproxy
