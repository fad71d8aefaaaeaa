#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

using Words = std::vector<std::uint64_t>;

constexpr std::size_t radix_from = 256;  // shorter samples are sorted by comparing
constexpr int index_bits = 31;
constexpr int digit_bits = 11;
constexpr int digit_count = 3;  // 33 bits of the value and 31 of its index make a word
static_assert(index_bits + digit_bits * digit_count == 64);

/// An integer that is less where the value is less.
std::uint64_t ordered_bits(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);  // -0.0 becomes 0.0, which it equals
  const std::uint64_t sign = std::uint64_t{1} << 63;
  return (bits & sign) != 0 ? ~bits : bits | sign;
}

/// The leading bits of each value above the least of all, then its index. Where only a few of the bits that double has
/// differ, as in most samples of latencies, those that do lead.
Words words_of(std::span<const double> values) {
  Words words(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) words[i] = ordered_bits(values[i]);
  const auto [least, most] = std::ranges::minmax(words);
  const int shift = least == most ? 0 : std::countl_zero(most - least);
  for (std::size_t i = 0; i < values.size(); ++i) {
    words[i] = ((words[i] - least) << shift >> index_bits << index_bits) | i;
  }
  return words;
}

/// By all bits above the index: one stable counting sort for each digit, from the last to the first.
void radix_sort(Words& words) {
  constexpr std::size_t bucket_count = std::size_t{1} << digit_bits;
  const auto digit = [](std::uint64_t word, int d) {
    return static_cast<std::size_t>(word >> (index_bits + digit_bits * d)) % bucket_count;
  };
  std::vector<std::uint32_t> begins(digit_count * bucket_count);
  for (const std::uint64_t word : words) {
    for (int d = 0; d < digit_count; ++d) ++begins[static_cast<std::size_t>(d) * bucket_count + digit(word, d)];
  }
  Words sorted(words.size());
  for (int d = 0; d < digit_count; ++d) {
    const auto begin = std::span(begins).subspan(static_cast<std::size_t>(d) * bucket_count, bucket_count);
    if (begin[digit(words[0], d)] == words.size()) continue;  // all alike
    std::exclusive_scan(begin.begin(), begin.end(), begin.begin(), std::uint32_t{0});
    for (const std::uint64_t word : words) sorted[begin[digit(word, d)]++] = word;
    words.swap(sorted);
  }
}

/// Indices by ascending value.
std::vector<std::uint32_t> order_of(std::span<const double> values) {
  assert(values.size() < std::size_t{1} << index_bits);
  std::vector<std::uint32_t> order(values.size());
  const auto less = [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; };
  if (values.size() < radix_from) {
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), less);
    return order;
  }
  Words words = words_of(values);
  radix_sort(words);
  for (std::size_t i = 0; i < words.size(); ++i) {
    order[i] = static_cast<std::uint32_t>(words[i] & ((std::uint64_t{1} << index_bits) - 1));
  }
  // Values that share all their leading bits are left to be compared.
  for (std::size_t first = 0, end = 0; first < words.size(); first = end) {
    for (end = first + 1; end < words.size() && words[end] >> index_bits == words[first] >> index_bits;) ++end;
    const auto run = std::span(order).subspan(first, end - first);
    if (!std::is_sorted(run.begin(), run.end(), less)) std::sort(run.begin(), run.end(), less);
  }
  return order;
}

}  // namespace

std::vector<double> ranks(std::span<const double> values) {
  assert(std::none_of(values.begin(), values.end(), [](double value) { return std::isnan(value); }));
  const std::vector<std::uint32_t> order = order_of(values);
  std::vector<double> result(values.size());
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    for (end = first + 1; end < order.size() && values[order[end]] == values[order[first]];) ++end;
    const double average = static_cast<double>(first + 1 + end) / 2;
    for (std::size_t i = first; i < end; ++i) result[order[i]] = average;
  }
  return result;
}

}  // namespace oneproxy
