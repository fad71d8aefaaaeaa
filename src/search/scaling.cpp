#include "oneproxy/search/scaling.hpp"

#include <algorithm>
#include <string>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

/// Whether another option of decision d would make another network.
bool matters(const SearchSpace& space, const Architecture& x, std::size_t d) {
  const auto option_count = space.decisions()[d].options.size();
  if (option_count < 2) return false;
  Architecture other = x;
  other[d] = static_cast<std::uint8_t>((x[d] + 1U) % option_count);
  return space.canonical(other) != x;
}

/// The decision of the same name for the block before, or d itself.
std::size_t block_before(std::span<const Decision> decisions, std::size_t d) {
  const std::string& name = decisions[d].name;
  const auto dot = name.rfind('.');
  if (dot == std::string::npos || dot + 1 == name.size() || name.size() - dot > 6) return d;
  if (name.find_first_not_of("0123456789", dot + 1) != std::string::npos) return d;
  const std::string wanted = name.substr(0, dot + 1) + std::to_string(std::stoi(name.substr(dot + 1)) - 1);
  const auto found = std::ranges::find(decisions, wanted, &Decision::name);
  return found == decisions.end() ? d : static_cast<std::size_t>(found - decisions.begin());
}

/// x with one more option of a depth; new blocks are like the block before them.
Architecture deeper(const SearchSpace& space, const Architecture& x, std::size_t depth) {
  const auto decisions = space.decisions();
  Architecture y = x;
  ++y[depth];
  y = space.canonical(y);
  for (std::size_t d = 0; d < decisions.size(); ++d) {
    if (d == depth || matters(space, x, d) || !matters(space, y, d)) continue;
    const std::size_t before = block_before(decisions, d);
    y[d] = std::min(y[before], static_cast<std::uint8_t>(decisions[d].options.size() - 1));
  }
  return space.canonical(y);
}

Architecture shallower(const SearchSpace& space, Architecture x, std::size_t depth) {
  --x[depth];
  return space.canonical(x);
}

}  // namespace

std::vector<Architecture> scale_depth(const SearchSpace& space, const Architecture& x, int max_steps) {
  const auto decisions = space.decisions();
  std::vector<std::size_t> depths;
  for (std::size_t d = 0; d < decisions.size(); ++d) {
    if (decisions[d].name.starts_with("depth.")) depths.push_back(d);
  }
  if (depths.empty()) throw InputError(space.description(), "has no decision depth.* to scale");

  std::vector<Architecture> all{space.canonical(x)};
  for (const bool grow : {false, true}) {
    std::vector<Architecture> step{all.front()};
    for (int i = 0; i < max_steps; ++i) {
      std::vector<Architecture> next;
      for (const auto& from : step) {
        for (const std::size_t depth : depths) {
          const bool at_end = grow ? from[depth] + 1U >= decisions[depth].options.size() : from[depth] == 0;
          if (at_end) continue;
          const Architecture y = grow ? deeper(space, from, depth) : shallower(space, from, depth);
          if (std::ranges::find(next, y) == next.end()) next.push_back(y);
        }
      }
      all.insert(all.end(), next.begin(), next.end());
      step = std::move(next);
    }
  }
  return all;
}

}  // namespace oneproxy
