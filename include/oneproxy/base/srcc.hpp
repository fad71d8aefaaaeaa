#pragma once

#include <span>
#include <vector>

namespace oneproxy {

/// Ranks 1..n; equal values share the average of their ranks. Precondition: no NaN. O(n log n), O(n) where the leading
/// 33 bits in which values differ tell most of them apart.
std::vector<double> ranks(std::span<const double> values);

/// Pearson's correlation; NaN where either sample is constant. Precondition: equal lengths.
double pearson(std::span<const double> a, std::span<const double> b);

/// Spearman's rank correlation coefficient, the paper's measure of latency monotonicity: Pearson's correlation of the
/// ranks, so ties count with their average rank. NaN where either sample is constant or shorter than 2.
/// Precondition: equal lengths, no NaN. O(n log n). Safe from any thread.
double srcc(std::span<const double> a, std::span<const double> b);

/// Root of the mean squared difference; NaN where empty. Precondition: equal lengths.
double rmse(std::span<const double> a, std::span<const double> b);

}  // namespace oneproxy
