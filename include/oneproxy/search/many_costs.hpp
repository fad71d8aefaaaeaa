#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "oneproxy/search/evolution.hpp"

namespace oneproxy {

/// An architecture with its accuracy and several costs that are better low, latency first.
struct ManyCandidate {
  Architecture architecture;
  std::vector<float> costs;
  float accuracy = 0;
};

/// Indices of the rows that no other row dominates (as low in every column, lower in one), by ascending first column;
/// of equal rows the first. O(rows x result).
std::vector<std::size_t> non_dominated(const Eigen::MatrixXf& values);

/// The networks that are Pareto-optimal in accuracy and all costs together: all of `finite`, or where that is empty
/// by evolution whose parents are the non-dominated networks found so far, each as likely as another (Laumanns et
/// al. 2004, doi:10.1109/TEVC.2004.823470), with uniform crossover. By ascending latency.
std::vector<ManyCandidate> search_many_costs(const SearchSpace& space, std::span<const Predictor* const> costs,
                                             const Predictor& accuracy, std::span<const Architecture> finite,
                                             const EvolutionOptions& options, const ProgressCallback& progress = {});

/// At most `count` of them: the extremes of every cost and of the accuracy, then always the one farthest from those
/// chosen (each cost and the accuracy scaled to its range).
std::vector<ManyCandidate> spread_over(const std::vector<ManyCandidate>& front, std::size_t count);

}  // namespace oneproxy
