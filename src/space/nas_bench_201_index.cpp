#include <bit>
#include <numeric>

#include "oneproxy/space/nas_bench_201.hpp"

// The benchmark numbers its architectures by listing them in the order of their operators and shuffling the list with
// Python's generator, seeded with 88. Both are repeated here, so that no table of 15,625 numbers is needed.

namespace oneproxy {
namespace {

/// The Mersenne Twister MT19937 (Matsumoto and Nishimura 1998) as Python seeds it: by a key of one word.
class PythonRandom {
 public:
  explicit PythonRandom(std::uint32_t key) {
    state_[0] = 19650218;
    for (std::uint32_t i = 1; i < size; ++i) state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
    std::size_t i = 1;
    for (std::size_t round = 0; round < size; ++round) {
      state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1664525U)) + key;
      step(i);
    }
    for (std::size_t round = 1; round < size; ++round) {
      state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * 1566083941U)) - static_cast<std::uint32_t>(i);
      step(i);
    }
    state_[0] = 0x80000000U;
  }

  /// Uniform over 0..n-1 by rejecting draws of as many bits as n has. Precondition: n > 0.
  std::uint32_t below(std::uint32_t n) {
    const int bits = std::bit_width(n);
    for (;;) {
      if (const std::uint32_t r = next() >> (32 - bits); r < n) return r;
    }
  }

 private:
  static constexpr std::size_t size = 624;

  void step(std::size_t& i) {
    if (++i < size) return;
    state_[0] = state_[size - 1];
    i = 1;
  }

  std::uint32_t next() {
    if (at_ == size) {
      for (std::size_t i = 0; i < size; ++i) {
        const std::uint32_t y = (state_[i] & 0x80000000U) | (state_[(i + 1) % size] & 0x7fffffffU);
        state_[i] = state_[(i + 397) % size] ^ (y >> 1) ^ ((y & 1U) != 0 ? 0x9908b0dfU : 0U);
      }
      at_ = 0;
    }
    std::uint32_t y = state_[at_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680U;
    y ^= (y << 15) & 0xefc60000U;
    return y ^ (y >> 18);
  }

  std::array<std::uint32_t, size> state_{};
  std::size_t at_ = size;
};

struct Numbering {
  std::vector<std::uint16_t> rank_of_index;  ///< rank: the operators read as a number of base 5
  std::vector<std::uint16_t> index_of_rank;
};

const Numbering& numbering() {
  static const Numbering made = [] {
    constexpr std::uint32_t count = NasBench201::architecture_count;
    Numbering n{std::vector<std::uint16_t>(count), std::vector<std::uint16_t>(count)};
    std::iota(n.rank_of_index.begin(), n.rank_of_index.end(), std::uint16_t{0});
    PythonRandom random(88);
    for (std::uint32_t i = count - 1; i > 0; --i) std::swap(n.rank_of_index[i], n.rank_of_index[random.below(i + 1)]);
    for (std::uint32_t i = 0; i < count; ++i) n.index_of_rank[n.rank_of_index[i]] = static_cast<std::uint16_t>(i);
    return n;
  }();
  return made;
}

}  // namespace

std::size_t NasBench201::official_index(const Architecture& x) {
  std::size_t rank = 0;
  for (const auto op : x.choices()) rank = rank * operator_count + op;
  return numbering().index_of_rank[rank];
}

Architecture NasBench201::architecture(std::size_t index) {
  assert(index < architecture_count);
  std::size_t rank = numbering().rank_of_index[index];
  Architecture x(edge_count);
  for (std::size_t e = edge_count; e-- > 0; rank /= operator_count) {
    x[e] = static_cast<std::uint8_t>(rank % operator_count);
  }
  return x;
}

}  // namespace oneproxy
