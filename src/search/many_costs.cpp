#include "oneproxy/search/many_costs.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_set>

namespace oneproxy {
namespace {

using Eigen::Index;

// Costs, and the accuracy as a cost.
Eigen::MatrixXf values_of(const std::vector<ManyCandidate>& all) {
  const Index columns = all.empty() ? 0 : std::ssize(all.front().costs) + 1;
  Eigen::MatrixXf values(std::ssize(all), columns);
  for (Index i = 0; i < values.rows(); ++i) {
    const ManyCandidate& x = all[static_cast<std::size_t>(i)];
    for (Index c = 0; c + 1 < columns; ++c) values(i, c) = x.costs[static_cast<std::size_t>(c)];
    values(i, columns - 1) = -x.accuracy;
  }
  return values;
}

void keep_non_dominated(std::vector<ManyCandidate>& all) {
  std::vector<ManyCandidate> kept;
  for (const std::size_t i : non_dominated(values_of(all))) kept.push_back(std::move(all[i]));
  all = std::move(kept);
}

class Evaluator {
 public:
  Evaluator(std::span<const Predictor* const> costs, const Predictor& accuracy) : costs_(costs), accuracy_(accuracy) {}

  /// Adds them to `front`, of which the non-dominated stay.
  void add(std::span<const Architecture> xs, std::vector<ManyCandidate>& front) const {
    const std::size_t before = front.size();
    const std::vector<float> accuracy = accuracy_(xs);
    for (std::size_t i = 0; i < xs.size(); ++i) front.push_back({xs[i], {}, accuracy[i]});
    for (const Predictor* cost : costs_) {
      const std::vector<float> values = (*cost)(xs);
      for (std::size_t i = 0; i < xs.size(); ++i) front[before + i].costs.push_back(values[i]);
    }
    keep_non_dominated(front);
  }

 private:
  std::span<const Predictor* const> costs_;
  const Predictor& accuracy_;
};

Architecture child_of(const SearchSpace& space, const Architecture& a, const Architecture& b, double mutation,
                      Rng& rng) {
  Architecture child = a;
  const auto decisions = space.decisions();
  for (std::size_t d = 0; d < decisions.size(); ++d) {
    if (rng.below(2) == 0) child[d] = b[d];
    if (rng.uniform() < mutation) child[d] = static_cast<std::uint8_t>(rng.below(decisions[d].options.size()));
  }
  return space.canonical(child);
}

}  // namespace

std::vector<std::size_t> non_dominated(const Eigen::MatrixXf& values) {
  std::vector<std::size_t> order(static_cast<std::size_t>(values.rows()));
  std::iota(order.begin(), order.end(), std::size_t{0});
  // What dominates another comes before it in lexicographic order.
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    const auto row_a = values.row(static_cast<Index>(a));
    const auto row_b = values.row(static_cast<Index>(b));
    return std::lexicographical_compare(row_a.begin(), row_a.end(), row_b.begin(), row_b.end());
  });
  std::vector<std::size_t> kept;
  for (const std::size_t i : order) {
    const auto row = values.row(static_cast<Index>(i)).array();
    const auto dominates = [&](std::size_t k) { return (values.row(static_cast<Index>(k)).array() <= row).all(); };
    if (std::ranges::none_of(kept, dominates)) kept.push_back(i);
  }
  return kept;
}

std::vector<ManyCandidate> search_many_costs(const SearchSpace& space, std::span<const Predictor* const> costs,
                                             const Predictor& accuracy, std::span<const Architecture> finite,
                                             const EvolutionOptions& options, const ProgressCallback& progress) {
  const Evaluator evaluator(costs, accuracy);
  std::vector<ManyCandidate> front;
  if (!finite.empty()) {
    report(progress, {"searching", 0, 1});
    evaluator.add(finite, front);
    return front;
  }
  Rng rng(options.seed);
  std::unordered_set<Architecture> seen;
  std::vector<Architecture> fresh;
  const auto propose = [&](const Architecture& x) {
    if (seen.insert(x).second) fresh.push_back(x);
  };
  for (std::size_t i = 0; i < options.population; ++i) propose(space.sample(rng));
  for (std::size_t generation = 0;; ++generation) {
    report(progress, {"searching", generation, options.generations});
    if (!fresh.empty()) evaluator.add(fresh, front);
    if (generation == options.generations) return front;
    fresh.clear();
    for (std::size_t i = 0; i < options.population; ++i) {
      const Architecture& a = front[rng.below(front.size())].architecture;
      const Architecture& b = front[rng.below(front.size())].architecture;
      propose(child_of(space, a, b, options.mutation_probability, rng));
    }
  }
}

std::vector<ManyCandidate> spread_over(const std::vector<ManyCandidate>& front, std::size_t count) {
  if (front.size() <= count) return front;
  Eigen::MatrixXf values = values_of(front);
  std::vector<Index> chosen;
  const auto choose = [&](Index i) {
    if (chosen.size() < count && std::ranges::find(chosen, i) == chosen.end()) chosen.push_back(i);
  };
  for (Index c = 0; c < values.cols(); ++c) {
    Index least = 0;
    values.col(c).minCoeff(&least);
    choose(least);
    const float range = values.col(c).maxCoeff() - values.col(c).minCoeff();
    if (range > 0) values.col(c) /= range;
  }
  while (chosen.size() < count) {
    Eigen::VectorXf nearest = Eigen::VectorXf::Constant(values.rows(), std::numeric_limits<float>::infinity());
    for (const Index i : chosen) {
      nearest = nearest.cwiseMin((values.rowwise() - values.row(i)).rowwise().squaredNorm());
    }
    Index farthest = 0;
    nearest.maxCoeff(&farthest);
    // Equal values everywhere: whichever is not chosen yet.
    while (std::ranges::find(chosen, farthest) != chosen.end()) farthest = (farthest + 1) % values.rows();
    chosen.push_back(farthest);
  }
  std::ranges::sort(chosen);
  std::vector<ManyCandidate> result;
  for (const Index i : chosen) result.push_back(front[static_cast<std::size_t>(i)]);
  return result;
}

}  // namespace oneproxy
