#include "pipeline/candidate_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <unordered_set>

namespace oneproxy::test {
namespace {

TEST(CandidatePool, NetworksOfEverySizeAreAddedOnce) {
  const SpacePtr space = make_space("mobilenet_v2(resolution=28, width=0.25, classes=10, channels=1)");
  Rng rng(1);
  const std::vector<Architecture> random = space->sample_distinct(500, rng);
  Rng graded_rng(2);
  const std::vector<Architecture> graded = space->sample_graded(200, graded_rng);
  std::vector<Architecture> candidates = random;
  candidates.push_back(graded.front());  // there already
  Rng again(2);
  add_graded(*space, 200, again, candidates);
  EXPECT_EQ(candidates.size(), 700U);
  EXPECT_TRUE(std::ranges::equal(random, std::span(candidates).first(500)));
  EXPECT_EQ(std::unordered_set<Architecture>(candidates.begin(), candidates.end()).size(), candidates.size());
}

TEST(CandidatePool, ASpaceThatIsKnownForAGoodPartGetsNoMore) {
  const SpacePtr space = make_space("nas_bench_201");
  Rng rng(1);
  std::vector<Architecture> candidates = space->sample_distinct(5000, rng);
  add_graded(*space, 2500, rng, candidates);
  EXPECT_EQ(candidates.size(), 5000U);
}

}  // namespace
}  // namespace oneproxy::test
