#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace oneproxy {

// Points are given as two spans of equal length; latencies are better low, accuracies high. No value is NaN.

/// Indices of the points that no other point dominates (as good in both, better in one), by ascending latency.
/// Of equal points the one with the lowest index. O(n log n).
std::vector<std::size_t> pareto_front(std::span<const float> latency, std::span<const float> accuracy);
std::vector<std::size_t> pareto_front(std::span<const double> latency, std::span<const double> accuracy);

/// Area that the points dominate within latency < reference_latency and accuracy > reference_accuracy, in
/// ms x percent. Points outside count nothing.
double hypervolume(std::span<const float> latency, std::span<const float> accuracy, double reference_latency,
                   double reference_accuracy);
double hypervolume(std::span<const double> latency, std::span<const double> accuracy, double reference_latency,
                   double reference_accuracy);

/// The paper's section 5.5: drops each point that has a higher latency than a point kept, but no accuracy that is
/// higher by more than `accuracy_tolerance` (percent). Returns the indices kept, by ascending latency.
/// With tolerance 0 it is pareto_front. Only points kept are compared with, so that a long chain of small steps in
/// accuracy is thinned out and not lost.
std::vector<std::size_t> remove_dominated(std::span<const double> latency, std::span<const double> accuracy,
                                          double accuracy_tolerance);

}  // namespace oneproxy
