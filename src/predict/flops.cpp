#include "oneproxy/predict/flops.hpp"

#include <cassert>
#include <mutex>
#include <unordered_map>

namespace oneproxy {

struct FlopsPredictor::Memory {
  std::mutex mutex;
  std::unordered_map<Architecture, float> gflops;
};

FlopsPredictor::FlopsPredictor(SpacePtr space) : space_(std::move(space)), memory_(std::make_unique<Memory>()) {}
FlopsPredictor::~FlopsPredictor() = default;

void FlopsPredictor::predict(std::span<const Architecture> xs, std::span<float> out) const {
  assert(xs.size() == out.size());
  const std::lock_guard lock(memory_->mutex);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const auto [entry, is_new] = memory_->gflops.try_emplace(xs[i], 0.0F);
    if (is_new) entry->second = static_cast<float>(costs(space_->network(xs[i])).flops * 1e-9);
    out[i] = entry->second;
  }
}

}  // namespace oneproxy
