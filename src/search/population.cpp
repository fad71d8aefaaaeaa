#include "population.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

constexpr std::uint32_t filled = Archive::none;
constexpr int random_rounds = 64;
constexpr int repairs_before_fresh = 8;
constexpr int breed_rounds = 20;

std::size_t share(double ratio, std::size_t count) {
  return static_cast<std::size_t>(std::lround(ratio * static_cast<double>(count)));
}

}  // namespace

void require_valid(const EvolutionOptions& options) {
  const auto require = [](bool fine, const char* option, const char* expected) {
    if (!fine) throw InputError(std::string("search option ") + option, std::string("expected ") + expected);
  };
  const auto is_share = [](double value) { return value >= 0 && value <= 1; };
  require(options.population >= 2 && options.population <= 1'000'000, "population", "2 to 1000000");
  require(options.parent_ratio > 0 && options.parent_ratio < 1, "parent_ratio", "more than 0 and less than 1");
  require(is_share(options.mutation_probability), "mutation_probability", "0 to 1");
  require(is_share(options.mutation_ratio), "mutation_ratio", "0 to 1");
  require(options.threads >= 1, "threads", "at least 1");
}

Population::Population(const SearchProblem& problem, const EvolutionOptions& options, Archive& archive)
    : problem_(problem),
      options_(options),
      archive_(archive),
      parent_count_(std::max<std::size_t>(1, share(options.parent_ratio, options.population))),
      mutable_count_(share(options.mutation_ratio, options.population)) {
  for (const auto& decision : problem.space.decisions()) {
    option_counts_.push_back(static_cast<std::uint32_t>(decision.options.size()));
  }
}

void Population::fill_random(float limit_ms, const MinimumLatency& fast, Rng& rng) {
  members_.clear();
  is_member_.assign(archive_.size(), false);
  open(options_.population);
  for (int round = 0; round < random_rounds && !slots_.empty(); ++round) {
    for (auto& x : drawn_) {
      if (round % repairs_before_fresh == 0) {
        draw_random(x, rng);
      } else {
        for (std::size_t d = 0; d < x.size(); ++d) x[d] = rng.below(2) == 0 ? fast.architecture[d] : x[d];
      }
    }
    admit(limit_ms);
  }
  archive_.evaluate_accuracy(problem_.accuracy, options_.threads);
}

void Population::breed(float limit_ms, Rng& rng, std::size_t mating_distance) {
  is_member_.assign(archive_.size(), false);
  for (const auto index : members_) is_member_[index] = true;
  const std::size_t parent_count = members_.size();
  if (parent_count == 0) return;
  open(options_.population - std::min(options_.population, parent_count));
  for (int round = 0; round < breed_rounds && !slots_.empty(); ++round) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      draw_child(drawn_[i], draw_parents(parent_count, mating_distance, rng), slots_[i] < mutable_count_, rng);
    }
    admit(limit_ms);
  }
  archive_.evaluate_accuracy(problem_.accuracy, options_.threads);
}

void Population::draw_random(Architecture& x, Rng& rng) const {
  x = Architecture(option_counts_.size());
  for (std::size_t d = 0; d < x.size(); ++d) x[d] = static_cast<std::uint8_t>(rng.below(option_counts_[d]));
}

Population::Parents Population::draw_parents(std::size_t parent_count, std::size_t mating_distance, Rng& rng) const {
  const std::size_t first = rng.below(parent_count);
  if (mating_distance == 0) return {members_[first], members_[rng.below(parent_count)]};
  const std::size_t lowest = first - std::min(first, mating_distance);
  const std::size_t highest = std::min(parent_count - 1, first + mating_distance);
  return {members_[first], members_[lowest + rng.below(highest - lowest + 1)]};
}

void Population::draw_child(Architecture& child, Parents parents, bool may_mutate, Rng& rng) const {
  child = archive_.architecture(parents.first);
  const Architecture& other = archive_.architecture(parents.second);
  std::uint64_t coins = 0;
  for (std::size_t d = 0; d < child.size(); ++d) {
    if (d % 64 == 0) coins = rng.next();
    child[d] = (coins & 1) != 0 ? other[d] : child[d];
    coins >>= 1;
  }
  if (!may_mutate) return;
  if (options_.mutation == Mutation::whole_child) {
    if (rng.uniform() < options_.mutation_probability) draw_random(child, rng);
    return;
  }
  for (std::size_t d = 0; d < child.size(); ++d) {
    if (rng.uniform() < options_.mutation_probability) {
      child[d] = static_cast<std::uint8_t>(rng.below(option_counts_[d]));
    }
  }
}

void Population::open(std::size_t slot_count) {
  slots_.resize(slot_count);
  std::iota(slots_.begin(), slots_.end(), 0U);
  drawn_.resize(slot_count);
}

bool Population::join(std::uint32_t index) {
  if (is_member_.size() <= index) is_member_.resize(index + 1, false);
  if (is_member_[index]) return false;
  is_member_[index] = true;
  members_.push_back(index);
  return true;
}

/// Takes in what was drawn where it is fast enough and new here, and closes the slots so filled.
void Population::admit(float limit_ms) {
  problem_.space.canonicalise(drawn_);
  unseen_.clear();
  unseen_slots_.clear();
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    const std::uint32_t index = archive_.find(drawn_[i]);
    if (index == Archive::none) {
      unseen_.push_back(drawn_[i]);
      unseen_slots_.push_back(i);
    } else if (archive_.latency_ms(index) <= limit_ms && join(index)) {
      slots_[i] = filled;
    }
  }
  unseen_latency_ms_.resize(unseen_.size());
  problem_.latency.predict(unseen_, unseen_latency_ms_);
  for (std::size_t u = 0; u < unseen_.size(); ++u) {
    if (!(unseen_latency_ms_[u] <= limit_ms)) continue;
    if (archive_.find(unseen_[u]) != Archive::none) continue;  // drawn twice in this round
    join(archive_.add(unseen_[u], unseen_latency_ms_[u]));
    slots_[unseen_slots_[u]] = filled;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i] == filled) continue;
    slots_[kept] = slots_[i];
    if (kept != i) drawn_[kept] = drawn_[i];
    ++kept;
  }
  slots_.resize(kept);
  drawn_.resize(kept);
}

}  // namespace oneproxy
