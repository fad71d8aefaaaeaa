#include "oneproxy/pipeline/network_pool.hpp"

#include <gtest/gtest.h>

#include "oneproxy/base/error.hpp"
#include "oneproxy/search/pareto.hpp"
#include "pipeline/fixtures.hpp"

namespace oneproxy::test {
namespace {

/// Accuracies on a coarse grid, so that many are equal.
class CoarseAccuracy final : public Predictor {
 public:
  explicit CoarseAccuracy(std::shared_ptr<const LinearPredictor> of) : of_(std::move(of)) {}
  void predict(std::span<const Architecture> xs, std::span<float> out) const override {
    of_->predict(xs, out);
    for (float& value : out) value = std::round(value);
  }

 private:
  std::shared_ptr<const LinearPredictor> of_;
};

std::vector<Architecture> some(const SpacePtr& space, std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Architecture> xs;
  for (std::size_t i = 0; i < count; ++i) xs.push_back(space->sample(rng));
  return xs;
}

TEST(NetworkPool, LatenciesAreThoseOfThePredictor) {
  const SpacePtr space = small_space();
  const auto costs = random_costs(space, 3);
  const NetworkPool pool(space, some(space, 500, 1), CoarseAccuracy(random_costs(space, 2)));
  const auto expected = (*costs)(pool.architectures());
  EXPECT_EQ(pool.latency_ms(costs->weights_ms()), expected);
}

TEST(NetworkPool, DropsDuplicatesAndSortsByAccuracy) {
  const SpacePtr space = small_space();
  auto xs = some(space, 200, 1);
  xs.insert(xs.end(), xs.begin(), xs.begin() + 100);
  const NetworkPool pool(space, xs, CoarseAccuracy(random_costs(space, 2)));
  std::ranges::sort(xs);
  xs.erase(std::unique(xs.begin(), xs.end()), xs.end());
  EXPECT_EQ(pool.size(), xs.size());
  EXPECT_TRUE(std::ranges::is_sorted(pool.accuracies(), std::greater<>()));
  EXPECT_THROW(NetworkPool(space, {}, CoarseAccuracy(random_costs(space, 2))), InputError);
}

// One pass in the pool's order finds what sorting by latency finds, ties in either value included.
TEST(NetworkPool, FrontIsTheParetoFront) {
  const SpacePtr space = small_space();
  const NetworkPool pool(space, some(space, 800, 1), CoarseAccuracy(random_costs(space, 2)));
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto latency = pool.latency_ms(random_costs(space, seed)->weights_ms());
    if (seed % 2 == 0) {
      for (float& value : latency) value = std::round(value) + 1;
    }
    EXPECT_EQ(pool.front(latency), pareto_front(std::span<const float>(latency), pool.accuracies()));
  }
}

TEST(NetworkPool, FrontLeavesOutLatenciesThatAreNotPositive) {
  const SpacePtr space = small_space();
  const NetworkPool pool(space, some(space, 50, 1), CoarseAccuracy(random_costs(space, 2)));
  auto latency = pool.latency_ms(random_costs(space, 3)->weights_ms());
  latency[0] = -1;  // the most accurate one: it would dominate all others
  latency[1] = 0;
  const auto front = pool.front(latency);
  ASSERT_FALSE(front.empty());
  for (const std::size_t network : front) EXPECT_GT(latency[network], 0);
}

}  // namespace
}  // namespace oneproxy::test
