#include "oneproxy/pipeline/compare.hpp"

#include <gtest/gtest.h>

#include "fixtures.hpp"

namespace oneproxy::test {
namespace {

TEST(Compare, MethodsStandInTheOrderThatTheyMust) {
  const SpacePtr space = small_space();
  Rng rng(1);
  ArchTable table;
  table.architectures = space->sample_distinct(1500, rng);
  table.columns = {"proxy", "target", "twin"};
  table.values.resize(1500, 3);
  table.values.col(0) = random_costs(space, 1)->latency_ms(table.architectures);
  table.values.col(1) = random_costs(space, 77)->latency_ms(table.architectures);
  table.values.col(2) = 3 * table.values.col(0).array() + 1;
  const auto accuracy = random_costs(space, 2);
  CompareOptions options;
  options.draw_count = 3;
  options.sample_count = 120;
  const auto rows = compare_methods(space, table, 0, 1, *accuracy, options, {});
  ASSERT_EQ(rows.size(), 5U);
  const auto& [target, adapted, posterior, proxy, flops] = std::tie(rows[0], rows[1], rows[2], rows[3], rows[4]);
  EXPECT_EQ(target.method, "target");
  EXPECT_EQ(target.hypervolume_ratio, 1);
  EXPECT_GT(target.srcc, 0.99);  // a linear device
  EXPECT_GT(adapted.srcc, proxy.srcc);
  EXPECT_GT(posterior.srcc, proxy.srcc);
  EXPECT_GT(adapted.hypervolume_ratio, proxy.hypervolume_ratio);
  EXPECT_LE(adapted.lowest_ratio, adapted.hypervolume_ratio);
  EXPECT_LT(flops.hypervolume_ratio, 1);

  // Proposition 3.1: a strictly increasing change of latency leaves the Pareto-optimal set as it is.
  const auto same = compare_methods(space, table, 0, 2, *accuracy, options, {});
  EXPECT_GT(same[3].srcc, 0.999);
  EXPECT_NEAR(same[3].hypervolume_ratio, same[0].hypervolume_ratio, 1e-3);
}

}  // namespace
}  // namespace oneproxy::test
