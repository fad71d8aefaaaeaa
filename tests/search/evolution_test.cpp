#include "oneproxy/search/evolution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include "oneproxy/base/error.hpp"
#include "oneproxy/search/exhaustive.hpp"
#include "oneproxy/search/pareto.hpp"
#include "search/small_problem.hpp"

namespace oneproxy {
namespace {

using testing_problem::hypervolume_of;
using testing_problem::Problem;
using testing_problem::SmallSpace;

EvolutionOptions quick(std::uint64_t seed) {
  EvolutionOptions options;
  options.population = 120;
  options.generations = 12;
  options.seed = seed;
  return options;
}

/// Counts architectures and refuses one that it was asked before or that is not canonical.
class Once final : public Predictor {
 public:
  Once(const SearchSpace& space, const Predictor& inner) : space_(space), inner_(inner) {}
  void predict(std::span<const Architecture> xs, std::span<float> out) const override {
    for (const auto& x : xs) {
      EXPECT_TRUE(space_.contains(x));
      EXPECT_EQ(space_.canonical(x), x);
      EXPECT_TRUE(seen_.insert(x).second);
    }
    inner_.predict(xs, out);
  }
  std::size_t count() const { return seen_.size(); }

 private:
  const SearchSpace& space_;
  const Predictor& inner_;
  mutable std::set<Architecture> seen_;
};

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(EvolutionOptions, AreThePapers) {
  const EvolutionOptions one = ea1(), two = ea2();
  EXPECT_EQ(one.population, 1000U);
  EXPECT_EQ(one.parent_ratio, 0.25);
  EXPECT_EQ(one.mutation_probability, 0.1);
  EXPECT_EQ(one.mutation_ratio, 0.25);
  EXPECT_EQ(one.generations, 50U);
  EXPECT_EQ(two.population, 500U);
  EXPECT_EQ(two.parent_ratio, 0.3);
  EXPECT_EQ(two.mutation_probability, 0.2);
  EXPECT_EQ(two.mutation_ratio, 0.4);
  EXPECT_EQ(two.generations, 50U);
}

TEST(EvolutionarySearch, FindsTheBestWithinALimit) {
  const auto space = std::make_shared<SmallSpace>(8);
  const auto all = space->all();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Problem problem(space, seed);
    const Front exact = search_exhaustive(problem.view(), all);
    EvolutionarySearch search(problem.view(), quick(seed));
    for (const double share : {0.1, 0.4, 0.8}) {
      const double limit_ms = exact.front().latency_ms + share * (exact.back().latency_ms - exact.front().latency_ms);
      const Candidate found = search.maximise_accuracy(limit_ms);
      EXPECT_LE(found.latency_ms, limit_ms);
      const double best = best_within(exact, limit_ms)->accuracy;
      const double worst = exact.front().accuracy;
      EXPECT_GE(found.accuracy - worst, 0.97 * (best - worst));
    }
  }
}

TEST(EvolutionarySearch, TheWholeFrontIsNearTheExactOne) {
  const auto space = std::make_shared<SmallSpace>(8);
  const auto all = space->all();
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Problem problem(space, seed);
    const Front exact = search_exhaustive(problem.view(), all);
    const double latency = exact.back().latency_ms, accuracy = exact.front().accuracy - 1;
    const double whole = hypervolume_of(exact, latency, accuracy);
    const std::vector<double> ts{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
    const auto limits = spread_limits(problem.view(), 8, seed);
    const double fitness =
        hypervolume_of(EvolutionarySearch(problem.view(), quick(seed)).sweep_fitness(ts), latency, accuracy);
    const double limited =
        hypervolume_of(EvolutionarySearch(problem.view(), quick(seed)).sweep_limits(limits), latency, accuracy);
    const double one_run = hypervolume_of(search_front(problem.view(), quick(seed)), latency, accuracy);
    for (const double found : {fitness, limited, one_run}) {
      EXPECT_GE(found, 0.97 * whole);
      EXPECT_LE(found, whole * (1 + 1e-9));
    }
  }
}

TEST(EvolutionarySearch, ExtremeWeightsFindTheExtremes) {
  const auto space = std::make_shared<SmallSpace>(6);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Problem problem(space, seed);
    const Front exact = search_exhaustive(problem.view(), space->all());
    EvolutionarySearch search(problem.view(), quick(seed));
    EXPECT_EQ(search.minimise_fitness(0).accuracy, exact.back().accuracy);
    EXPECT_EQ(search.minimise_fitness(1).latency_ms, exact.front().latency_ms);
  }
}

TEST(EvolutionarySearch, IsTheSameOnAnyNumberOfThreads) {
  const SpacePtr space = make_space("mobilenet_v2");
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Problem problem(space, seed);
    EvolutionOptions options = quick(seed);
    options.population = 1000;
    options.generations = 4;
    const auto limits = spread_limits(problem.view(), 3, seed);
    Front expected, expected_front;
    for (const int threads : {1, 2, 5}) {
      SCOPED_TRACE("threads " + std::to_string(threads));
      options.threads = threads;
      EvolutionarySearch search(problem.view(), options);
      search.sweep_limits(limits);
      search.minimise_fitness(0.5);
      const Front front = search.front(), one_run = search_front(problem.view(), options);
      if (threads == 1) expected = front, expected_front = one_run;
      EXPECT_EQ(front, expected);
      EXPECT_EQ(one_run, expected_front);
    }
    options.seed += 100;
    EXPECT_NE(search_front(problem.view(), options), expected_front);
  }
}

TEST(EvolutionarySearch, EvaluatesEveryArchitectureOnce) {
  const SpacePtr space = make_space("mobilenet_v2");
  for (const auto mutation : {Mutation::per_gene, Mutation::whole_child}) {
    const Problem problem(space, 1);
    const Once accuracy(*space, problem.accuracy);
    EvolutionOptions options = quick(1);
    options.mutation = mutation;
    EvolutionarySearch search({*space, problem.latency, accuracy}, options);
    const auto limits = spread_limits(problem.view(), 3, 1);
    search.sweep_limits(limits);
    search.sweep_fitness(std::vector<double>{0.2, 0.7});
    EXPECT_EQ(search.evaluation_count(), accuracy.count());
    EXPECT_LE(accuracy.count(), 5 * (120 + 12 * 90U));
  }
}

TEST(EvolutionarySearch, LimitNobodyMeetsIsRefusedBeforeSearching) {
  const SpacePtr space = make_space("mobilenet_v2");
  const Problem problem(space, 1);
  const Once accuracy(*space, problem.accuracy);
  EvolutionarySearch search({*space, problem.latency, accuracy}, quick(1));
  const float least = search.minimum().latency_ms;
  for (const double limit_ms : {0.99 * least, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    const std::string message = message_of([&] { search.maximise_accuracy(limit_ms); });
    EXPECT_NE(message.find("the smallest predicted latency is"), std::string::npos) << message;
  }
  EXPECT_EQ(accuracy.count(), 0U);
  EXPECT_EQ(search.maximise_accuracy(least).latency_ms, least);  // only the fastest meets its own latency
}

/// A limit so tight that random architectures hardly ever meet it.
TEST(EvolutionarySearch, SearchesWithinTightLimits) {
  const SpacePtr space = make_space("mobilenet_v2");
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Problem problem(space, seed);
    EvolutionarySearch search(problem.view(), quick(seed));
    const double least = search.minimum().latency_ms;
    const Candidate found = search.maximise_accuracy(1.3 * least);
    EXPECT_LE(found.latency_ms, 1.3 * least);
    const Candidate fastest{search.minimum().architecture, search.minimum().latency_ms,
                            problem.accuracy({&search.minimum().architecture, 1}).front()};
    EXPECT_GT(found.accuracy, fastest.accuracy);
    EXPECT_GT(search.evaluation_count(), 100U);
  }
}

TEST(EvolutionarySearch, TinySpacesEnd) {
  const auto space = std::make_shared<SmallSpace>(1);
  const Problem problem(space, 1);
  EvolutionarySearch search(problem.view(), ea1());
  search.minimise_fitness(0.5);
  search.maximise_accuracy(search.minimum().latency_ms);
  EXPECT_LE(search.evaluation_count(), 3U);
  EXPECT_EQ(search_front(problem.view(), ea1()), search_exhaustive(problem.view(), space->all()));
}

TEST(EvolutionarySearch, ReportsAndStops) {
  const auto space = std::make_shared<SmallSpace>(6);
  const Problem problem(space, 1);
  std::vector<std::size_t> done;
  EvolutionarySearch search(problem.view(), quick(1), [&](const Progress& progress) {
    EXPECT_EQ(progress.total, 2 * 12U);
    done.push_back(progress.done);
    return progress.done < 20;
  });
  EXPECT_THROW(search.sweep_fitness(std::vector<double>{0.3, 0.6}), Stopped);
  EXPECT_TRUE(std::ranges::is_sorted(done));
  EXPECT_EQ(done.back(), 20U);
}

TEST(EvolutionarySearch, RefusesOptionsOutOfRange) {
  const auto space = std::make_shared<SmallSpace>(3);
  const Problem problem(space, 1);
  EvolutionOptions options;
  options.parent_ratio = 1;
  EXPECT_EQ(message_of([&] { EvolutionarySearch(problem.view(), options); }),
            "search option parent_ratio: expected more than 0 and less than 1");
  options = {};
  options.mutation_probability = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(message_of([&] { search_front(problem.view(), options); }), "");
}

}  // namespace
}  // namespace oneproxy
