#include "oneproxy/search/minimum_latency.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "oneproxy/space/mobilenet_v2.hpp"
#include "search/small_problem.hpp"

namespace oneproxy {
namespace {

/// The plain twin for the paper's space: the cheapest candidate of every block, then the cheapest depth of every stage.
double plain_minimum(const Eigen::VectorXd& weights_ms) {
  const auto block = [&](int b) { return weights_ms.segment(b * MobileNetV2::candidate_count, 9).minCoeff(); };
  double sum = weights_ms[weights_ms.size() - 1] + block(MobileNetV2::block_count - 1);
  for (int stage = 0; stage < MobileNetV2::stage_count; ++stage) {
    const int first = stage * MobileNetV2::max_depth;
    const double two = block(first) + block(first + 1);
    const double three = two + block(first + 2);
    sum += std::min({two, three, three + block(first + 3)});
  }
  return sum;
}

TEST(MinimumLatency, IsExactForLinearPredictors) {
  const SpacePtr space = make_space("mobilenet_v2");
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Eigen::VectorXd weights_ms(static_cast<Eigen::Index>(space->feature_count()));
    const double offset = rng.uniform();  // also negative weights: a fit may give them
    for (auto& weight : weights_ms) weight = rng.uniform() - offset;
    const LinearPredictor latency(space, weights_ms);
    const MinimumLatency found = minimum_latency(*space, latency);
    EXPECT_NEAR(found.latency_ms, plain_minimum(weights_ms), 1e-4);
    EXPECT_EQ(latency({&found.architecture, 1}).front(), found.latency_ms);
    EXPECT_EQ(space->canonical(found.architecture), found.architecture);
  }
}

TEST(MinimumLatency, IsExactInSpacesWithoutSwitches) {
  const auto space = std::make_shared<testing_problem::SmallSpace>(7);
  const auto all = space->all();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const LinearPredictor latency = testing_problem::linear_latency(space, seed);
    EXPECT_EQ(minimum_latency(*space, latency).latency_ms, std::ranges::min(latency(all)));
  }
}

}  // namespace
}  // namespace oneproxy
