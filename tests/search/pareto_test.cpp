#include "oneproxy/search/pareto.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

struct Points {
  std::vector<double> latency, accuracy;
};

/// On a coarse grid, so that ties and equal points are common; or fine.
Points random_points(Rng& rng, std::size_t count) {
  const std::uint64_t grid = rng.below(2) == 0 ? 1 + rng.below(20) : 1'000'000;
  Points points;
  for (std::size_t i = 0; i < count; ++i) {
    points.latency.push_back(0.1 + static_cast<double>(rng.below(grid)));
    points.accuracy.push_back(static_cast<double>(rng.below(grid)));
  }
  return points;
}

/// The definition: nobody is as good in both and better in one, nor equal with a lower index.
std::vector<std::size_t> plain_front(const Points& p) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < p.latency.size(); ++i) {
    bool out = false;
    for (std::size_t j = 0; j < p.latency.size() && !out; ++j) {
      if (p.latency[j] > p.latency[i] || p.accuracy[j] < p.accuracy[i]) continue;
      const bool equal = p.latency[j] == p.latency[i] && p.accuracy[j] == p.accuracy[i];
      out = !equal || j < i;
    }
    if (!out) front.push_back(i);
  }
  std::ranges::sort(front, {}, [&](std::size_t i) { return p.latency[i]; });
  return front;
}

TEST(ParetoFront, IsTheDefinition) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Points p = random_points(rng, rng.below(60));
    EXPECT_EQ(pareto_front(p.latency, p.accuracy), plain_front(p));
  }
}

TEST(ParetoFront, IsTheDefinitionWhereBinsAreUsed) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Points p = random_points(rng, 3000);
    EXPECT_EQ(pareto_front(p.latency, p.accuracy), plain_front(p));
    const std::vector<float> latency(p.latency.begin(), p.latency.end());
    const std::vector<float> accuracy(p.accuracy.begin(), p.accuracy.end());
    const Points rounded{{latency.begin(), latency.end()}, {accuracy.begin(), accuracy.end()}};
    EXPECT_EQ(pareto_front(latency, accuracy), plain_front(rounded));
  }
  const std::vector<double> same(5000, 2.5);
  EXPECT_EQ(pareto_front(same, same), std::vector<std::size_t>{0});
}

/// Proposition 3.1: devices whose latencies rank alike have the same Pareto-optimal architectures.
TEST(ParetoFront, DependsOnTheRankingOfLatenciesOnly) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Points p = random_points(rng, 1 + rng.below(80));
    std::vector<double> values = p.latency;
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
    std::vector<double> other_values;  // any strictly increasing change is a new value for each old one
    double value = 0;
    for (std::size_t i = 0; i < values.size(); ++i) other_values.push_back(value += 1e-3 + std::exp(3 * rng.normal()));
    std::vector<double> other;
    for (const double latency : p.latency) {
      other.push_back(
          other_values[static_cast<std::size_t>(std::ranges::lower_bound(values, latency) - values.begin())]);
    }
    EXPECT_EQ(pareto_front(p.latency, p.accuracy), pareto_front(other, p.accuracy));
    // x*(limit) of Eqns. (1) and (2) for every limit, found without the front, is on it.
    for (std::size_t k = 0; k < values.size(); ++k) {
      double best[2] = {-1, -1};
      for (std::size_t i = 0; i < p.latency.size(); ++i) {
        if (p.latency[i] <= values[k]) best[0] = std::max(best[0], p.accuracy[i]);
        if (other[i] <= other_values[k]) best[1] = std::max(best[1], p.accuracy[i]);
      }
      EXPECT_EQ(best[0], best[1]);
    }
  }
}

TEST(Hypervolume, IsTheAreaCounted) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Points p;
    for (auto n = rng.below(20); n > 0; --n) {
      p.latency.push_back(static_cast<double>(rng.below(25)));
      p.accuracy.push_back(static_cast<double>(rng.below(25)));
    }
    int cells = 0;  // unit squares of a 20 x (3..25) box that some point dominates
    for (int x = 0; x < 20; ++x) {
      for (int y = 3; y < 25; ++y) {
        bool covered = false;
        for (std::size_t i = 0; i < p.latency.size(); ++i) covered |= p.latency[i] <= x && p.accuracy[i] >= y + 1;
        cells += covered ? 1 : 0;
      }
    }
    EXPECT_EQ(hypervolume(p.latency, p.accuracy, 20, 3), cells);
  }
}

TEST(RemoveDominated, KeepsAWitnessForEveryPointDropped) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Points p = random_points(rng, rng.below(60));
    const double tolerance = 5 * rng.uniform();
    const auto kept = remove_dominated(p.latency, p.accuracy, tolerance);
    for (std::size_t k = 1; k < kept.size(); ++k) {
      EXPECT_GT(p.latency[kept[k]], p.latency[kept[k - 1]]);
      EXPECT_GT(p.accuracy[kept[k]], p.accuracy[kept[k - 1]] + tolerance);
    }
    for (std::size_t i = 0; i < p.latency.size(); ++i) {
      EXPECT_TRUE(std::ranges::any_of(kept, [&](std::size_t k) {
        return p.latency[k] <= p.latency[i] && p.accuracy[k] + tolerance >= p.accuracy[i];
      }));
    }
    EXPECT_EQ(remove_dominated(p.latency, p.accuracy, 0), pareto_front(p.latency, p.accuracy));
  }
}

TEST(RemoveDominated, ComparesWithPointsKeptOnly) {
  const std::vector<double> latency{1, 2, 3};
  const std::vector<double> accuracy{90, 90.05, 90.1};
  EXPECT_EQ(remove_dominated(latency, accuracy, 0.06), (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(remove_dominated(latency, accuracy, 0.2), (std::vector<std::size_t>{0}));
}

}  // namespace
}  // namespace oneproxy
