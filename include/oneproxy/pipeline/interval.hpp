#pragma once

namespace oneproxy {

/// What is believed of a value that is to be measured.
struct Interval {
  double low = 0;  ///< it is below with 5% probability
  double median = 0;
  double high = 0;  ///< it is above with 5% probability
};

}  // namespace oneproxy
