#include "oneproxy/search/exhaustive.hpp"

#include <gtest/gtest.h>

#include <string>

#include "oneproxy/base/error.hpp"
#include "search/small_problem.hpp"

namespace oneproxy {
namespace {

TEST(SearchExhaustive, AgreesWithEveryLimitTriedByItself) {
  const SpacePtr space = make_space("mobilenet_v2");
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const testing_problem::Problem problem(space, seed);
    Rng rng(seed);
    const auto xs = space->sample_distinct(1500, rng);
    const auto latency = problem.latency(xs);
    const auto accuracy = problem.accuracy(xs);
    const Front front = search_exhaustive(problem.view(), xs);
    for (std::size_t k = 0; k < xs.size(); k += 37) {
      float best = -1;
      for (std::size_t i = 0; i < xs.size(); ++i) {
        if (latency[i] <= latency[k]) best = std::max(best, accuracy[i]);
      }
      const Candidate* const found = best_within(front, static_cast<double>(latency[k]));
      ASSERT_NE(found, nullptr);
      EXPECT_EQ(found->accuracy, best);
      EXPECT_LE(found->latency_ms, latency[k]);
    }
    EXPECT_EQ(best_within(front, 0.99 * static_cast<double>(front.front().latency_ms)), nullptr);
  }
}

TEST(SearchExhaustive, StopsWhenToldTo) {
  const SpacePtr space = make_space("mobilenet_v2");
  const testing_problem::Problem problem(space, 1);
  Rng rng(1);
  const auto xs = space->sample_distinct(3000, rng);
  EXPECT_THROW(search_exhaustive(problem.view(), xs, [](const Progress& p) { return p.done < 2000; }), Stopped);
  EXPECT_TRUE(search_exhaustive(problem.view(), {}).empty());
}

}  // namespace
}  // namespace oneproxy
