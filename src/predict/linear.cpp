#include "oneproxy/predict/linear.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace oneproxy {

LinearPredictor::LinearPredictor(SpacePtr space, Eigen::VectorXd weights_ms, LinearTraining training)
    : space_(std::move(space)), weights_ms_(std::move(weights_ms)), training_(std::move(training)) {
  assert(static_cast<std::size_t>(weights_ms_.size()) == space_->feature_count());
  assert(weights_ms_.allFinite());
}

Eigen::VectorXd LinearPredictor::latency_ms(std::span<const Architecture> xs) const {
  Eigen::VectorXd result(static_cast<Eigen::Index>(xs.size()));
  ActiveFeatures active;
  constexpr std::size_t block = 1024;  // bounds the memory of the encodings
  for (std::size_t begin = 0; begin < xs.size(); begin += block) {
    active.clear();
    space_->active_features(xs.subspan(begin, std::min(block, xs.size() - begin)), active);
    for (std::size_t i = 0; i < active.rows(); ++i) {
      double sum = 0;
      for (const std::uint16_t feature : active.row(i)) sum += weights_ms_[feature];
      result[static_cast<Eigen::Index>(begin + i)] = sum;
    }
  }
  return result;
}

void LinearPredictor::predict(std::span<const Architecture> xs, std::span<float> out) const {
  assert(xs.size() == out.size());
  Eigen::Map<Eigen::VectorXf>(out.data(), static_cast<Eigen::Index>(out.size())) = latency_ms(xs).cast<float>();
}

}  // namespace oneproxy
