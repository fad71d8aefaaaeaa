#include "oneproxy/pipeline/network_pool.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>

#include "oneproxy/base/error.hpp"

namespace oneproxy {

std::vector<float> linear_latencies(const ActiveFeatures& encodings, const Eigen::VectorXd& weights_ms) {
  std::vector<float> result(encodings.rows());
  const double* const weights = weights_ms.data();
  for (std::size_t i = 0; i < result.size(); ++i) {
    double sum = 0;
    for (const std::uint16_t feature : encodings.row(i)) sum += weights[feature];
    result[i] = static_cast<float>(sum);
  }
  return result;
}

NetworkPool::NetworkPool(SpacePtr space, std::vector<Architecture> xs, const Predictor& accuracy)
    : space_(std::move(space)) {
  if (xs.empty()) throw InputError("pool of networks", "expected at least one architecture");
  std::ranges::sort(xs);
  xs.erase(std::unique(xs.begin(), xs.end()), xs.end());
  const std::vector<float> values = accuracy(xs);
  std::vector<std::size_t> order(xs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  architectures_.reserve(xs.size());
  accuracy_.reserve(xs.size());
  for (const std::size_t i : order) {
    architectures_.push_back(xs[i]);
    accuracy_.push_back(values[i]);
  }
  space_->active_features(architectures_, active_);
}

std::vector<std::size_t> NetworkPool::front(std::span<const float> latency_ms) const {
  assert(latency_ms.size() == size());
  std::vector<std::size_t> kept;
  float fastest = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < latency_ms.size(); ++i) {
    if (!(latency_ms[i] > 0 && latency_ms[i] < fastest)) continue;
    fastest = latency_ms[i];
    // As accurate as the one before and faster: that one is dominated.
    if (!kept.empty() && accuracy_[kept.back()] == accuracy_[i]) kept.pop_back();
    kept.push_back(i);
  }
  std::ranges::reverse(kept);
  return kept;
}

}  // namespace oneproxy
