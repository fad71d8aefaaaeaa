#include "oneproxy/adapt/sampling.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <string>

#include "oneproxy/base/error.hpp"

namespace oneproxy {

std::vector<std::size_t> choose_samples(std::span<const double> proxy_latency, std::size_t count, Sampling sampling,
                                        std::span<const std::size_t> taken, Rng& rng) {
  const std::size_t size = proxy_latency.size();
  std::vector<bool> is_taken(size, false);
  for (const std::size_t i : taken) {
    assert(i < size && !is_taken[i]);
    is_taken[i] = true;
  }
  if (count > size - taken.size()) {
    throw InputError("samples", "expected at most " + std::to_string(size - taken.size()) +
                                    " (the architectures left to choose from), not " + std::to_string(count));
  }
  if (count == 0) return {};

  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (sampling == Sampling::random) {
    std::erase_if(order, [&](std::size_t i) { return is_taken[i]; });
    for (std::size_t i = 0; i < count; ++i) std::swap(order[i], order[i + rng.below(order.size() - i)]);
    order.resize(count);
    return order;
  }

  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return proxy_latency[i] < proxy_latency[j]; });
  const std::size_t bins = taken.size() + count;
  const auto bin_begin = [&](std::size_t bin) { return bin * size / bins; };
  std::vector<std::size_t> empty_bins;  // at least `count`, since each taken candidate fills at most one
  for (std::size_t bin = 0; bin < bins; ++bin) {
    bool filled = false;
    for (std::size_t i = bin_begin(bin); i < bin_begin(bin + 1); ++i) filled = filled || is_taken[order[i]];
    if (!filled) empty_bins.push_back(bin);
  }
  const double start = rng.uniform();
  std::vector<std::size_t> chosen;
  for (std::size_t j = 0; j < count; ++j) {
    // Where more bins are empty than are needed: evenly spread ones.
    const double place =
        (static_cast<double>(j) + start) * static_cast<double>(empty_bins.size()) / static_cast<double>(count);
    const std::size_t bin = empty_bins[std::min(static_cast<std::size_t>(place), empty_bins.size() - 1)];
    chosen.push_back(order[bin_begin(bin) + rng.below(bin_begin(bin + 1) - bin_begin(bin))]);
  }
  return chosen;
}

}  // namespace oneproxy
