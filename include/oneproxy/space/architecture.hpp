#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <span>

namespace oneproxy {

/// A point x of a search space X: for each decision of the space the index of the option taken.
/// A regular value of fixed size, so that populations lie flat in memory and copying allocates nothing.
class Architecture {
 public:
  static constexpr std::size_t max_decision_count = 127;

  Architecture() = default;
  /// All options 0. Precondition: decision_count <= max_decision_count.
  explicit Architecture(std::size_t decision_count) : size_(static_cast<std::uint8_t>(decision_count)) {
    assert(decision_count <= max_decision_count);
  }
  Architecture(std::initializer_list<std::uint8_t> choices) : Architecture(choices.size()) {
    std::copy(choices.begin(), choices.end(), choices_.begin());
  }

  std::size_t size() const { return size_; }
  std::uint8_t operator[](std::size_t decision) const { return choices_[decision]; }
  std::uint8_t& operator[](std::size_t decision) { return choices_[decision]; }
  std::span<const std::uint8_t> choices() const { return {choices_.data(), size_}; }

  auto operator<=>(const Architecture&) const = default;

 private:
  std::uint8_t size_ = 0;
  std::array<std::uint8_t, max_decision_count> choices_{};  // zero beyond size_
};

}  // namespace oneproxy
/// @cond
template <>
struct std::hash<oneproxy::Architecture> {
  std::size_t operator()(const oneproxy::Architecture& x) const noexcept {
    std::uint64_t h = 0x9e3779b97f4a7c15ULL + x.size();
    const auto choices = x.choices();
    for (std::size_t i = 0; i < choices.size(); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, choices.data() + i, std::min<std::size_t>(8, choices.size() - i));
      h = (h ^ word) * 0xff51afd7ed558ccdULL;
      h ^= h >> 32;
    }
    return static_cast<std::size_t>(h);
  }
};
/// @endcond
