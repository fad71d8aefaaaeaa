#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "oneproxy/search/candidate.hpp"

namespace oneproxy {

/// Everything a search has evaluated, flat, with a hash table over it. Entries are never moved or removed, so an index
/// stays valid. Not safe to share between threads.
class Archive {
 public:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  Archive();
  /// Index of a canonical architecture, or none.
  std::uint32_t find(const Architecture& x) const;
  /// Precondition: find(x) == none. The accuracy is missing until evaluate_accuracy().
  std::uint32_t add(const Architecture& x, float latency_ms);
  /// Predicts the accuracies that are missing, in chunks that do not depend on the number of threads.
  void evaluate_accuracy(const Predictor& accuracy, int threads);

  std::size_t size() const { return architectures_.size(); }
  const Architecture& architecture(std::uint32_t i) const { return architectures_[i]; }
  float latency_ms(std::uint32_t i) const { return latency_ms_[i]; }
  float accuracy(std::uint32_t i) const { return accuracy_[i]; }
  Candidate candidate(std::uint32_t i) const { return {architectures_[i], latency_ms_[i], accuracy_[i]}; }
  Front front() const;

 private:
  std::size_t slot_of(const Architecture& x) const;

  std::vector<Architecture> architectures_;
  std::vector<float> latency_ms_;
  std::vector<float> accuracy_;       // those of the first entries; the rest is missing
  std::vector<std::uint32_t> slots_;  // open addressing, a power of two long, at most half full
};

}  // namespace oneproxy
