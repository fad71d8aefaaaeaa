#include "archive.hpp"

#include <algorithm>
#include <cassert>

#include "oneproxy/base/parallel.hpp"
#include "oneproxy/search/pareto.hpp"

namespace oneproxy {

Archive::Archive() : slots_(4096, none) {}

std::size_t Archive::slot_of(const Architecture& x) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<Architecture>{}(x)&mask;
  while (slots_[slot] != none && architectures_[slots_[slot]] != x) slot = (slot + 1) & mask;
  return slot;
}

std::uint32_t Archive::find(const Architecture& x) const { return slots_[slot_of(x)]; }

std::uint32_t Archive::add(const Architecture& x, float latency_ms) {
  if (2 * (size() + 1) > slots_.size()) {
    slots_.assign(2 * slots_.size(), none);
    for (std::uint32_t i = 0; i < size(); ++i) slots_[slot_of(architectures_[i])] = i;
  }
  const auto index = static_cast<std::uint32_t>(size());
  slots_[slot_of(x)] = index;
  architectures_.push_back(x);
  latency_ms_.push_back(latency_ms);
  return index;
}

void Archive::evaluate_accuracy(const Predictor& predictor, int threads) {
  constexpr std::size_t chunk = 240;
  const std::size_t first = accuracy_.size();
  accuracy_.resize(size());
  const std::span<const Architecture> xs = std::span(architectures_).subspan(first);
  const std::span<float> out = std::span(accuracy_).subspan(first);
  const std::size_t chunk_count = (xs.size() + chunk - 1) / chunk;
  parallel_for(chunk_count, threads, [&](std::size_t i) {
    const std::size_t count = std::min(chunk, xs.size() - i * chunk);
    predictor.predict(xs.subspan(i * chunk, count), out.subspan(i * chunk, count));
  });
}

Front Archive::front() const {
  assert(accuracy_.size() == size());
  Front front;
  for (const std::size_t i : pareto_front(std::span(latency_ms_), std::span(accuracy_))) {
    front.push_back(candidate(static_cast<std::uint32_t>(i)));
  }
  return front;
}

}  // namespace oneproxy
