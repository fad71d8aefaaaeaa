#pragma once

#include <algorithm>

namespace oneproxy {

/// MobileNet's rule for a number of channels: the nearest multiple of 8, never more than 10% below, and at least 8.
inline int round_width(double width) {
  const int rounded = std::max(8, static_cast<int>(width + 4) / 8 * 8);
  return rounded < 0.9 * width ? rounded + 8 : rounded;
}

}  // namespace oneproxy
