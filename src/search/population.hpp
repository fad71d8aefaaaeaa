#pragma once

#include <cstdint>
#include <vector>

#include "archive.hpp"
#include "oneproxy/base/rng.hpp"
#include "oneproxy/search/evolution.hpp"

namespace oneproxy {

/// @throws InputError naming the option that is out of range.
void require_valid(const EvolutionOptions& options);

/// The individuals of one run of evolution, all different, as entries of an archive that may outlive the run.
/// Variation is serial and draws from one generator; only the evaluation of accuracies uses threads.
class Population {
 public:
  /// All three must outlive it. `options` are valid.
  Population(const SearchProblem& problem, const EvolutionOptions& options, Archive& archive);

  /// Random individuals of latency <= limit_ms. Those that are slower take over decisions of `fast` until they are not.
  /// Precondition: fast.latency_ms <= limit_ms. Fewer than asked for where the space seems to have no more.
  void fill_random(float limit_ms, const MinimumLatency& fast, Rng& rng);
  /// Adds children of the present individuals, of latency <= limit_ms, until the population is full. Children that are
  /// too slow or already there are drawn again, a bounded number of times.
  /// Parents are any two individuals; or, where mating_distance > 0, two whose places in members() are at most that far
  /// apart.
  void breed(float limit_ms, Rng& rng, std::size_t mating_distance = 0);

  std::vector<std::uint32_t>& members() { return members_; }
  std::size_t parent_count() const { return parent_count_; }

 private:
  void draw_random(Architecture& x, Rng& rng) const;
  struct Parents {
    std::uint32_t first, second;
  };
  Parents draw_parents(std::size_t parent_count, std::size_t mating_distance, Rng& rng) const;
  void draw_child(Architecture& child, Parents parents, bool may_mutate, Rng& rng) const;
  void admit(float limit_ms);
  bool join(std::uint32_t index);
  void open(std::size_t slot_count);

  const SearchProblem& problem_;
  const EvolutionOptions& options_;
  Archive& archive_;
  std::vector<std::uint32_t> option_counts_;
  std::size_t parent_count_;
  std::size_t mutable_count_;  // children that may mutate

  std::vector<std::uint32_t> members_;
  std::vector<bool> is_member_;  // of each archive entry
  // Slots still to be filled and what was drawn for each; emptied slots go, in order.
  std::vector<std::uint32_t> slots_;
  std::vector<Architecture> drawn_;
  std::vector<Architecture> unseen_;
  std::vector<std::uint32_t> unseen_slots_;  // positions in slots_
  std::vector<float> unseen_latency_ms_;
};

}  // namespace oneproxy
