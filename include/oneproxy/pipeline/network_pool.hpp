#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

#include "oneproxy/predict/predictor.hpp"

namespace oneproxy {

/// Sums of the weights of a linear predictor over the ones of each encoding.
std::vector<float> linear_latencies(const ActiveFeatures& encodings, const Eigen::VectorXd& weights_ms);

/// Architectures whose accuracy has been predicted once, for many devices to choose their fronts from: accuracy does
/// not depend on the device, and a device's latency is linear in the encoding, so a front costs one pass over the pool.
/// Immutable; safe from any thread.
class NetworkPool {
 public:
  /// `xs` are canonical; duplicates are dropped. Networks are numbered by falling accuracy, then by architecture.
  /// @throws InputError where there is no architecture.
  NetworkPool(SpacePtr space, std::vector<Architecture> xs, const Predictor& accuracy);

  std::size_t size() const { return architectures_.size(); }
  const Architecture& architecture(std::size_t network) const { return architectures_[network]; }
  float accuracy(std::size_t network) const { return accuracy_[network]; }
  std::span<const float> accuracies() const { return accuracy_; }
  std::span<const Architecture> architectures() const { return architectures_; }
  const SpacePtr& space() const { return space_; }

  /// Latency of every network by the weights of a linear predictor.
  std::vector<float> latency_ms(const Eigen::VectorXd& weights_ms) const {
    return linear_latencies(active_, weights_ms);
  }
  /// Networks that no other dominates, by ascending latency; those whose latency is not positive do not count.
  /// Of equal networks the one with the lowest number. O(size()). Precondition: latency_ms.size() == size().
  std::vector<std::size_t> front(std::span<const float> latency_ms) const;

 private:
  SpacePtr space_;
  std::vector<Architecture> architectures_;
  std::vector<float> accuracy_;
  ActiveFeatures active_;
};

}  // namespace oneproxy
