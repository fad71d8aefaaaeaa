#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace oneproxy {

/// A seeded generator (xoshiro256**, Blackman and Vigna 2018) whose draws are the same on every platform:
/// the distributions are written out here, since those of the standard differ between libraries.
/// Not safe to share between threads; give each its own stream().
class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  std::uint64_t next();
  /// Uniform over 0..n-1. Precondition: n > 0.
  std::uint64_t below(std::uint64_t n);
  /// Uniform over [0, 1).
  double uniform();
  /// Standard normal (polar method).
  double normal();
  /// An independent generator that depends on this one's seed and on `index` alone,
  /// not on how much has been drawn: work numbered by index gives the same result on any number of threads.
  Rng stream(std::uint64_t index) const;

  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::uint64_t seed_;
  std::uint64_t state_[4];
};

}  // namespace oneproxy
