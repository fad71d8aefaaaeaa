#include "oneproxy/reproduce/proxy_study.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

/// Networks of NAS-Bench-201 on made devices: `a` is linear in the encoding, `b` has other weights for each operator,
/// `c` is b where it ran and -1 elsewhere.
ArchTable made_table(const SpacePtr& space) {
  ArchTable table;
  table.file = "made";
  table.columns = {"a", "b", "c"};
  Rng rng(3);
  table.architectures = space->sample_distinct(400, rng);
  const Eigen::MatrixXd x = space->encode(table.architectures).cast<double>();
  Eigen::VectorXd weights(x.cols());
  for (auto& w : weights) w = 0.5 + rng.uniform();
  Eigen::VectorXd other = weights;
  for (auto& w : other) w *= 0.5 + 2 * rng.uniform();
  table.values.resize(x.rows(), 3);
  table.values.col(0) = x * weights;
  table.values.col(1) = x * other;
  table.values.col(2) = table.values.col(1);
  for (Index i = 0; i < x.rows(); i += 5) table.values(i, 2) = -1;
  return table;
}

TEST(ProxyStudy, AdaptsADeviceOfOtherWeights) {
  const SpacePtr space = make_space("nas_bench_201");
  const ArchTable table = made_table(space);
  const ProxyStudy study(space, table, "a", 1);
  const ProxyStudyScore score = study.score({.column = "b", .training_count = 60}, 6, 2, {});
  const std::vector<double> a(table.values.col(0).begin(), table.values.col(0).end());
  const std::vector<double> b(table.values.col(1).begin(), table.values.col(1).end());
  EXPECT_EQ(score.before, srcc(a, b));
  EXPECT_LT(score.before, 0.9);
  EXPECT_GT(score.adapted, 0.97);  // 60 samples for 31 weights that explain everything
  EXPECT_GT(score.posterior, 0.97);
  EXPECT_GT(score.adapted_deviation, 0);
}

TEST(ProxyStudy, DrawsTheSameWhateverWasDrawnBeforeAndOnAnyNumberOfThreads) {
  const SpacePtr space = make_space("nas_bench_201");
  const ProxyStudy study(space, made_table(space), "a", 1);
  const ProxyStudyTarget target{.column = "b", .training_count = 20};
  const ProxyStudyDraw first = study.draw(target, 4);
  EXPECT_EQ(first.samples.size(), 40U);
  EXPECT_NE(study.draw(target, 5).samples, first.samples);
  EXPECT_EQ(study.draw(target, 4).samples, first.samples);
  EXPECT_EQ(study.draw(target, 4).adapted, first.adapted);
  EXPECT_EQ(study.adapted(target, 4).latency_ms(study.table().architectures), first.adapted);
  const ProxyStudyScore one = study.score(target, 4, 1, {});
  const ProxyStudyScore two = study.score(target, 4, 3, {});
  EXPECT_EQ(one.adapted, two.adapted);
  EXPECT_EQ(one.posterior, two.posterior);
}

TEST(ProxyStudy, TakesWhatIsNotPositiveAsMissingOrAsItIs) {
  const SpacePtr space = make_space("nas_bench_201");
  const ArchTable table = made_table(space);
  const ProxyStudy study(space, table, "a", 1);
  EXPECT_EQ(study.rows_of({.column = "c"}).size(), 320U);
  EXPECT_EQ(study.rows_of({.column = "c", .negative_is_latency = true}).size(), 400U);
  for (const std::size_t row : study.draw({.column = "c", .training_count = 20}, 1).samples) {
    EXPECT_GT(table.values(static_cast<Index>(row), 2), 0);
  }
  EXPECT_THROW(study.draw({.column = "c", .training_count = 300}, 1), InputError);
  EXPECT_THROW(study.draw({.column = "nowhere"}, 1), InputError);
}

}  // namespace
}  // namespace oneproxy
