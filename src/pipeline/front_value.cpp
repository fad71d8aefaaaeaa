#include "oneproxy/pipeline/front_value.hpp"

#include <algorithm>
#include <cassert>

#include "oneproxy/search/pareto.hpp"

namespace oneproxy {
namespace {

std::vector<double> at(std::span<const double> values, std::span<const std::size_t> indices) {
  std::vector<double> result;
  for (const std::size_t i : indices) result.push_back(values[i]);
  return result;
}

}  // namespace

FrontValue::FrontValue(std::vector<double> latency_ms, std::vector<double> accuracy)
    : latency_ms_(std::move(latency_ms)), accuracy_(std::move(accuracy)) {
  assert(!latency_ms_.empty() && latency_ms_.size() == accuracy_.size());
  latency_limit_ms_ = std::ranges::max(latency_ms_);
  accuracy_floor_ = std::ranges::min(accuracy_);
}

std::vector<std::size_t> FrontValue::chosen(std::span<const double> predicted_ms) const {
  return pareto_front(predicted_ms, accuracy_);
}

std::vector<std::size_t> FrontValue::kept(std::span<const std::size_t> candidates) const {
  std::vector<std::size_t> result;
  for (const std::size_t i : pareto_front(at(latency_ms_, candidates), at(accuracy_, candidates))) {
    result.push_back(candidates[i]);
  }
  return result;
}

double FrontValue::hypervolume_of(std::span<const double> predicted_ms) const {
  const auto candidates = chosen(predicted_ms);
  return hypervolume(at(latency_ms_, candidates), at(accuracy_, candidates), latency_limit_ms_, accuracy_floor_);
}

}  // namespace oneproxy
