#pragma once

#include <span>

namespace oneproxy {

/// Of an even number of values the mean of the two in the middle. Preconditions: ascending, not empty.
template <class T>
double median_of(std::span<const T> ascending) {
  const std::size_t middle = ascending.size() / 2;
  if (ascending.size() % 2 == 1) return ascending[middle];
  return (double{ascending[middle - 1]} + double{ascending[middle]}) / 2;
}

}  // namespace oneproxy
