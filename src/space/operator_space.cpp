#include "oneproxy/space/operator_space.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <optional>

#include "oneproxy/base/description.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

// Digits of an operator's number, since a decision has at most 256 options.
constexpr std::size_t digit_base = 256;

std::vector<std::string> numbers(std::size_t count) {
  std::vector<std::string> result(count);
  for (std::size_t i = 0; i < count; ++i) result[i] = std::to_string(i);
  return result;
}

/// An operator that goes before another.
struct Predecessor {
  double flops = 0;
  std::string key;
  auto operator<=>(const Predecessor&) const = default;
};

}  // namespace

OperatorSpace::OperatorSpace(SpacePtr space) : base_(std::move(space)) {
  description_ = "operators(space=" + quote_setting(base_->description()) + ")";
  if (!find_operators(OperatorGrain::block) && !find_operators(OperatorGrain::layer)) {
    throw InputError(base_->description(), "has more than " + std::to_string(largest_count) +
                                               " different operators; expected a space whose blocks have fixed shapes");
  }
  decisions_ = {{"after", {"0", "1"}},
                {"page", numbers((operators_.size() + digit_base - 1) / digit_base)},
                {"row", numbers(std::min(digit_base, operators_.size()))}};
}

bool OperatorSpace::find_operators(OperatorGrain grain) {
  std::map<std::string, SpaceOperator> found;
  // Cells that put out what is not their last layer are no blocks that can run on their own.
  const auto alone = [&](const Network& network, const OperatorSpan& span) -> std::optional<Network> {
    if (grain == OperatorGrain::layer) return operator_network(network, span);
    try {
      return operator_network(network, span);
    } catch (const InputError&) {
      return std::nullopt;
    }
  };
  std::map<std::string, Predecessor> before;
  constexpr std::size_t fewest_draws = 5'000;
  constexpr std::size_t draws_per_operator = 50;
  Rng rng(1);
  for (std::size_t idle = 0; idle < std::max(fewest_draws, draws_per_operator * found.size()); ++idle) {
    const Network network = base_->network(base_->sample(rng));
    std::map<int, Predecessor> made_by;  // the operator whose last layer this is
    for (const auto& span : operator_spans(network, grain)) {
      const std::string key = operator_key(network, span);
      auto entry = found.find(key);
      if (entry == found.end()) {
        if (found.size() == largest_count) return false;
        auto part = alone(network, span);
        if (!part) return false;
        SpaceOperator made{.key = key,
                           .proxylessnas = published_key(network, span, OperatorGrammar::proxylessnas),
                           .ofa_mbv3 = published_key(network, span, OperatorGrammar::ofa_mbv3),
                           .network = std::move(*part)};
        entry = found.emplace(key, std::move(made)).first;
        idle = 0;
      }
      if (const auto maker = made_by.find(network.layers[span.begin].inputs[0]); maker != made_by.end()) {
        const auto [place, is_new] = before.try_emplace(key, maker->second);
        if (!is_new) place->second = std::min(place->second, maker->second);
      }
      made_by[static_cast<int>(span.end) - 1] = {costs(entry->second.network).flops, key};
    }
  }
  grain_ = grain;
  operators_.clear();
  for (auto& [key, made] : found) operators_.push_back(std::move(made));
  for (auto& made : operators_) {
    const auto place = before.find(made.key);
    if (place == before.end()) continue;
    const auto at = std::ranges::lower_bound(operators_, place->second.key, {}, &SpaceOperator::key);
    made.before = static_cast<int>(at - operators_.begin());
  }
  return true;
}

Architecture OperatorSpace::architecture(std::size_t index, bool after) const {
  assert(index < operators_.size() && (!after || operators_[index].before >= 0));
  return {static_cast<std::uint8_t>(after ? 1 : 0), static_cast<std::uint8_t>(index / digit_base),
          static_cast<std::uint8_t>(index % digit_base)};
}

std::size_t OperatorSpace::index_of(const Architecture& x) const {
  return (x[1] * digit_base + x[2]) % operators_.size();
}

bool OperatorSpace::is_after(const Architecture& x) const { return x[0] == 1 && operators_[index_of(x)].before >= 0; }

Network OperatorSpace::network(const Architecture& x) const {
  assert(contains(x));
  const SpaceOperator& made = operators_[index_of(x)];
  if (!is_after(x)) return made.network;
  return chain(operators_[static_cast<std::size_t>(made.before)].network, made.network);
}

void OperatorSpace::canonicalise(std::span<Architecture> xs) const {
  for (auto& x : xs) x = architecture(index_of(x), is_after(x));
}

std::string OperatorSpace::text(const Architecture& x) const {
  const SpaceOperator& made = operators_[index_of(x)];
  return (is_after(x) ? operators_[static_cast<std::size_t>(made.before)].key + "+" : "") + made.key;
}

Architecture OperatorSpace::parse(std::string_view text) const {
  if (text.starts_with('{')) return SearchSpace::parse(text);
  const auto plus = text.find('+');
  const std::string_view key = plus == std::string_view::npos ? text : text.substr(plus + 1);
  const auto at = std::ranges::lower_bound(operators_, key, {}, &SpaceOperator::key);
  const auto index = static_cast<std::size_t>(at - operators_.begin());
  const bool known = at != operators_.end() && at->key == key;
  if (known && plus == std::string_view::npos) return alone(index);
  if (known && at->before >= 0 && operators_[static_cast<std::size_t>(at->before)].key == text.substr(0, plus)) {
    return after(index);
  }
  throw InputError("operator '" + std::string(text.substr(0, 200)) + "'",
                   "expected the key of an operator of " + base_->description() +
                       ", or KEY+KEY with the one that is measured before it");
}

}  // namespace oneproxy
