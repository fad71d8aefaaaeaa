#pragma once

#include <cstddef>
#include <span>

#include "oneproxy/search/candidate.hpp"

namespace oneproxy {

/// A rising line y = slope x + intercept: what turns one device's milliseconds into another's and keeps the ranking.
struct Line {
  double slope = 1;
  double intercept = 0;
  double operator()(double x) const { return slope * x + intercept; }
  double inverse(double y) const { return (y - intercept) / slope; }
};

/// Least squares. Where the best line does not rise, or x is constant, the line through the origin with the ratio of
/// the means. Preconditions: equal lengths, not empty, y positive.
Line fit_line(std::span<const double> x, std::span<const double> y);

/// At most `count` members of a front, both ends among them, spread evenly along it (both axes scaled to its extent).
Front spread_over_front(const Front& front, std::size_t count);

/// The members in another order: both ends, and then always the middle of the longest stretch between members that
/// are there already, so that any first few are spread over the front.
Front widest_first(const Front& front);

}  // namespace oneproxy
