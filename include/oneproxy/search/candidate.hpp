#pragma once

#include "oneproxy/predict/predictor.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// What is searched, and the two predictions by which. The three must outlive the search.
struct SearchProblem {
  const SearchSpace& space;
  const Predictor& latency;   ///< ms; lower is better
  const Predictor& accuracy;  ///< percent; higher is better
};

/// An architecture with its two predictions.
struct Candidate {
  Architecture architecture;
  float latency_ms = 0;
  float accuracy = 0;
  bool operator==(const Candidate&) const = default;
};

/// A Pareto front: ascending latency, ascending accuracy.
using Front = std::vector<Candidate>;

}  // namespace oneproxy
