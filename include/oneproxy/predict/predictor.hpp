#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// Predicts one number for each architecture: a latency in ms or an accuracy in percent (open to users; a seam).
/// Immutable; safe from any thread. Always called in batches.
class Predictor {
 public:
  virtual ~Predictor() = default;
  /// out.size() == xs.size().
  virtual void predict(std::span<const Architecture> xs, std::span<float> out) const = 0;

  /// The same into a new vector.
  std::vector<float> operator()(std::span<const Architecture> xs) const;
};

}  // namespace oneproxy
