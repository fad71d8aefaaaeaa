#include "oneproxy/pipeline/front.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

TEST(FitLine, FindsTheLineAndAlwaysRises) {
  const std::vector<double> x{1, 2, 3};
  const Line exact = fit_line(x, std::vector<double>{5, 7, 9});
  EXPECT_NEAR(exact.slope, 2, 1e-12);
  EXPECT_NEAR(exact.intercept, 3, 1e-12);
  EXPECT_NEAR(exact.inverse(exact(1.7)), 1.7, 1e-12);
  for (const auto& y : {std::vector<double>{9, 7, 5}, std::vector<double>{4, 4, 4}}) {
    EXPECT_GT(fit_line(x, y).slope, 0);
  }
  EXPECT_NEAR(fit_line(std::vector<double>{2, 2}, std::vector<double>{4, 6})(2), 5, 1e-12);
}

TEST(SpreadOverFront, KeepsBothEndsAndNoMemberTwice) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Front front(2 + rng.below(60));
    float latency = 1;
    float accuracy = 50;
    for (auto& member : front) {
      member.latency_ms = latency += static_cast<float>(rng.uniform()) + 0.01F;
      member.accuracy = accuracy += static_cast<float>(rng.uniform()) + 0.01F;
    }
    const std::size_t count = 2 + rng.below(20);
    const Front chosen = spread_over_front(front, count);
    ASSERT_EQ(chosen.size(), std::min(count, front.size()));
    EXPECT_EQ(chosen.front(), front.front());
    EXPECT_EQ(chosen.back(), front.back());
    for (std::size_t i = 1; i < chosen.size(); ++i) EXPECT_GT(chosen[i].latency_ms, chosen[i - 1].latency_ms);
  }
  EXPECT_TRUE(spread_over_front({}, 5).empty());
}

TEST(SpreadOverFront, IsEven) {
  Front front(101);
  for (std::size_t i = 0; i < front.size(); ++i) {
    front[i].latency_ms = static_cast<float>(i);
    front[i].accuracy = static_cast<float>(i);
  }
  const Front chosen = spread_over_front(front, 11);
  for (std::size_t i = 0; i < 11; ++i) EXPECT_EQ(chosen[i].latency_ms, 10.0F * static_cast<float>(i));
}

TEST(WidestFirst, AnyFirstFewAreSpreadAndNoneIsLost) {
  Front front;
  for (int i = 0; i < 9; ++i) front.push_back({Architecture(1), static_cast<float>(i), static_cast<float>(i)});
  const Front order = widest_first(front);
  const float expected[] = {0, 8, 4, 2, 6, 1, 3, 5, 7};
  ASSERT_EQ(order.size(), 9U);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(order[i].latency_ms, expected[i]) << i;
  EXPECT_EQ(widest_first({front[3]}).size(), 1U);
}

}  // namespace
}  // namespace oneproxy
