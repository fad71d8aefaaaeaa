#include <algorithm>
#include <cmath>
#include <limits>

#include "oneproxy/search/evolution.hpp"
#include "population.hpp"

namespace oneproxy {
namespace {

/// Chooses survivors by non-dominated rank, and within the last rank that fits in part by crowding.
class RankSelection {
 public:
  explicit RankSelection(const Archive& archive) : archive_(archive) {}

  /// Leaves at most `count` members, by ascending latency.
  void select(std::vector<std::uint32_t>& members, std::size_t count) {
    sort_into_ranks(members);
    if (members.size() <= count) return;
    kept_.clear();
    for (auto& rank : ranks_) {
      if (kept_.size() + rank.size() > count) thin(rank, count - kept_.size());
      kept_.insert(kept_.end(), rank.begin(), rank.end());
      if (kept_.size() == count) break;
    }
    members.swap(kept_);
    sort_by_latency(members);
  }

 private:
  void sort_by_latency(std::vector<std::uint32_t>& members) const {
    std::ranges::sort(members, [&](std::uint32_t a, std::uint32_t b) {
      if (archive_.latency_ms(a) != archive_.latency_ms(b)) return archive_.latency_ms(a) < archive_.latency_ms(b);
      if (archive_.accuracy(a) != archive_.accuracy(b)) return archive_.accuracy(a) > archive_.accuracy(b);
      return a < b;
    });
  }

  /// By ascending latency each point joins the first rank whose highest accuracy is below its own; those accuracies
  /// never rise from rank to rank. O(n log n).
  void sort_into_ranks(std::vector<std::uint32_t>& members) {
    sort_by_latency(members);
    ranks_.clear();
    for (const auto member : members) {
      const auto rank = std::ranges::partition_point(ranks_, [&](const std::vector<std::uint32_t>& other) {
        return archive_.accuracy(other.back()) >= archive_.accuracy(member);
      });
      if (rank == ranks_.end())
        ranks_.push_back({member});
      else
        rank->push_back(member);
    }
  }

  /// Keeps the `count` least crowded points of a rank (both neighbours' distance, in shares of the rank's ranges).
  void thin(std::vector<std::uint32_t>& rank, std::size_t count) {
    const double latency_range = archive_.latency_ms(rank.back()) - archive_.latency_ms(rank.front());
    const double accuracy_range = archive_.accuracy(rank.back()) - archive_.accuracy(rank.front());
    crowding_.clear();
    for (std::size_t i = 0; i < rank.size(); ++i) {
      double distance = std::numeric_limits<double>::infinity();
      if (i > 0 && i + 1 < rank.size()) {
        distance = (archive_.latency_ms(rank[i + 1]) - archive_.latency_ms(rank[i - 1])) / latency_range +
                   (archive_.accuracy(rank[i + 1]) - archive_.accuracy(rank[i - 1])) / accuracy_range;
      }
      crowding_.emplace_back(-distance, rank[i]);
    }
    std::ranges::sort(crowding_);
    rank.resize(count);
    for (std::size_t i = 0; i < count; ++i) rank[i] = crowding_[i].second;
  }

  const Archive& archive_;
  std::vector<std::vector<std::uint32_t>> ranks_;  // each by ascending latency
  std::vector<std::pair<double, std::uint32_t>> crowding_;
  std::vector<std::uint32_t> kept_;
};

}  // namespace

Front search_front(const SearchProblem& problem, const EvolutionOptions& options, const ProgressCallback& progress) {
  require_valid(options);
  constexpr float no_limit = std::numeric_limits<float>::infinity();
  Archive archive;
  Population population(problem, options, archive);
  RankSelection selection(archive);
  // What serves a fast network seldom serves a slow one, so parents are neighbours along the front.
  const std::size_t mating_distance = 1 + population.parent_count() / 25;
  Rng rng = Rng(options.seed).stream(0);
  population.fill_random(no_limit, {Architecture(problem.space.decisions().size()), 0}, rng);
  for (std::size_t generation = 0; generation < options.generations; ++generation) {
    report(progress, {"searching", generation, options.generations});
    selection.select(population.members(), population.parent_count());
    population.breed(no_limit, rng, mating_distance);
  }
  report(progress, {"searching", options.generations, options.generations});
  return archive.front();
}

std::vector<double> spread_limits(const SearchProblem& problem, std::size_t count, std::uint64_t seed) {
  constexpr std::size_t sample_count = 1000;
  const double low = minimum_latency(problem.space, problem.latency).latency_ms;
  Rng rng(seed);
  std::vector<Architecture> xs;
  for (std::size_t i = 0; i < sample_count; ++i) xs.push_back(problem.space.sample(rng));
  const double high = std::ranges::max(problem.latency(xs));
  std::vector<double> limits;
  for (std::size_t i = 1; i <= count; ++i) {
    limits.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(count));
  }
  return limits;
}

}  // namespace oneproxy
