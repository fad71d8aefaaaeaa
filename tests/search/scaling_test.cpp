#include "oneproxy/search/scaling.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "oneproxy/base/error.hpp"
#include "oneproxy/space/mobilenet_v2.hpp"
#include "search/small_problem.hpp"

namespace oneproxy {
namespace {

int total_depth(const Architecture& x) {
  int sum = 0;
  for (int stage = 0; stage < MobileNetV2::stage_count; ++stage) sum += MobileNetV2::depth(x, stage);
  return sum;
}

TEST(ScaleDepth, ChangesDepthByUpToTwoBlocksAndNothingElse) {
  const SpacePtr space = make_space("mobilenet_v2");
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Architecture x = space->sample(rng);
    const auto scaled = scale_depth(*space, x);
    EXPECT_EQ(scaled.front(), x);
    for (std::size_t i = 0; i < scaled.size(); ++i) {
      const Architecture& y = scaled[i];
      EXPECT_EQ(std::ranges::count(scaled, y), 1);
      EXPECT_EQ(space->canonical(y), y);
      EXPECT_LE(std::abs(total_depth(y) - total_depth(x)), 2);
      for (int b = 0; b < MobileNetV2::block_count; ++b) {
        if (!MobileNetV2::present(y, b)) continue;
        const int like = MobileNetV2::present(x, b) ? b : b - 1;  // new blocks are like the one before
        const Architecture& from = MobileNetV2::present(x, like) ? x : y;
        EXPECT_EQ(MobileNetV2::kernel(y, b), MobileNetV2::kernel(from, like));
        EXPECT_EQ(MobileNetV2::expansion(y, b), MobileNetV2::expansion(from, like));
      }
    }
  }
}

TEST(ScaleDepth, FindsEveryWay) {
  const SpacePtr space = make_space("mobilenet_v2");
  const Architecture shallow(space->decisions().size());
  // Five stages of depth 2: 1 as it is, 5 with one more, 15 with two more.
  EXPECT_EQ(scale_depth(*space, shallow).size(), 21U);
  EXPECT_EQ(scale_depth(*space, shallow, 1).size(), 6U);
  EXPECT_THROW(scale_depth(testing_problem::SmallSpace(2), Architecture(2)), InputError);
}

}  // namespace
}  // namespace oneproxy
