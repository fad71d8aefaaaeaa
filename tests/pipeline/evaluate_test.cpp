#include "oneproxy/pipeline/evaluate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "made_table.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/space/published_table.hpp"

namespace oneproxy {
namespace {

using test::made_table;

constexpr FewShotMethod kMethods[] = {FewShotMethod::posterior, FewShotMethod::eqn3, FewShotMethod::eqn3_l1,
                                      FewShotMethod::proxy, FewShotMethod::ridge};
constexpr Selection kSelections[] = {Selection::greedy, Selection::largest_variance, Selection::kmeans,
                                     Selection::stratified, Selection::random};

class Evaluate : public testing::Test {
 protected:
  static FewShotRun run(const SpacePtr& space, const ArchTable& table, const EvaluateOptions& options) {
    const FewShotStudy study(space, table, options);
    return study.run([&](std::size_t row) { return study.latency_ms(row, 2); }, 0);
  }

  SpacePtr space_ = make_space("nas_bench_201");
  EvaluateOptions options_{.sources = {"a", "b"}, .targets = {"target"}, .per_source = 100, .repeat_count = 3};
};

TEST_F(Evaluate, UnseenLatenciesOfTheTargetChangeNothing) {
  std::vector<std::pair<FewShotMethod, Selection>> cases;
  for (const auto method : kMethods) cases.emplace_back(method, Selection::greedy);
  for (const auto selection : kSelections) cases.emplace_back(FewShotMethod::posterior, selection);
  options_.per_source = 40;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const ArchTable table = made_table(*space_, seed, 120);
    for (const auto& [method, selection] : cases) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", method " + std::to_string(static_cast<int>(method)) +
                   ", selection " + std::to_string(static_cast<int>(selection)));
      options_.method = method;
      options_.selection = selection;
      options_.seed = seed;
      const FewShotRun before = run(space_, table, options_);
      ASSERT_EQ(before.samples.size(), 10U);
      ArchTable changed = table;
      Rng rng(seed);
      for (Eigen::Index i = 0; i < 120; ++i) changed.values(i, 2) = rng.below(3) == 0 ? -1 : 100 * rng.uniform();
      for (const std::size_t row : before.samples) {
        changed.values(static_cast<Eigen::Index>(row), 2) = table.values(static_cast<Eigen::Index>(row), 2);
      }
      const FewShotRun after = run(space_, changed, options_);
      EXPECT_EQ(after.samples, before.samples);
      EXPECT_EQ(after.predicted, before.predicted);
    }
  }
}

TEST_F(Evaluate, LatenciesOfTheSamplesChangeThePrediction) {
  for (const auto method : kMethods) {
    if (method == FewShotMethod::proxy) continue;  // they choose the proxy, and may choose the same
    options_.method = method;
    ArchTable table = made_table(*space_, 1, 120);
    const FewShotRun before = run(space_, table, options_);
    Rng rng(1);
    for (const std::size_t row : before.samples) table.values(static_cast<Eigen::Index>(row), 2) = 1 + rng.uniform();
    const FewShotRun after = run(space_, table, options_);
    EXPECT_EQ(after.samples, before.samples);
    EXPECT_NE(after.predicted, before.predicted) << static_cast<int>(method);
  }
}

TEST_F(Evaluate, NoMoreLatenciesOfAKnownDeviceAreSeenThanAllowed) {
  options_.per_source = 30;
  options_.method = FewShotMethod::proxy;
  options_.sources = {"a"};
  ArchTable table = made_table(*space_, 3, 60);
  const FewShotRun before = run(space_, table, options_);
  std::size_t seen = 0;
  for (Eigen::Index i = 0; i < 60; ++i) {
    const double kept = table.values(i, 0);
    table.values(i, 0) = 3 * kept;
    if (run(space_, table, options_).predicted != before.predicted) ++seen;
    table.values(i, 0) = kept;
  }
  EXPECT_EQ(seen, 30U);
}

TEST_F(Evaluate, NetworksThatCannotRunAreReplacedAndNotRanked) {
  ArchTable table = made_table(*space_, 1, 200);
  for (Eigen::Index i = 0; i < 200; i += 3) table.values(i, 2) = -1;
  const FewShotStudy study(space_, table, options_);
  std::size_t ran = 0;
  const auto result = study.run(
      [&](std::size_t row) {
        const double value = study.latency_ms(row, 2);
        ran += std::isnan(value) ? 0U : 1U;
        return value;
      },
      0);
  EXPECT_EQ(ran, 10U);
  EXPECT_GT(result.samples.size(), 10U);
  const double without = evaluate(space_, table, options_).mean_srcc;
  options_.negative_is_latency = true;
  const double with = evaluate(space_, table, options_).mean_srcc;
  EXPECT_GT(without, 0.8);
  EXPECT_LT(with, without - 0.2);  // a third of the ranks are arbitrary
}

TEST_F(Evaluate, ScoresAreTheCorrelationOverWhatWasNotSampled) {
  const ArchTable table = made_table(*space_, 2, 200);
  options_.repeat_count = 1;
  const FewShotRun result = run(space_, table, options_);
  std::vector<double> predicted;
  std::vector<double> measured;
  for (std::size_t row = 0; row < 200; ++row) {
    if (std::ranges::find(result.samples, row) != result.samples.end()) continue;
    predicted.push_back(result.predicted(static_cast<Eigen::Index>(row)));
    measured.push_back(table.values(static_cast<Eigen::Index>(row), 2));
  }
  const Evaluation evaluation = evaluate(space_, table, options_);
  ASSERT_EQ(evaluation.targets.size(), 1U);
  EXPECT_EQ(evaluation.targets[0].mean, srcc(predicted, measured));
  EXPECT_EQ(evaluation.targets[0].std, 0);
  EXPECT_EQ(evaluation.mean_srcc, evaluation.targets[0].mean);
}

TEST_F(Evaluate, OneTargetsScoreDoesNotDependOnTheOthers) {
  const ArchTable table = made_table(*space_, 2, 200);
  options_.sources = {"a"};
  const double alone = evaluate(space_, table, options_).targets.back().mean;
  options_.targets = {"b", "target"};
  const Evaluation both = evaluate(space_, table, options_);
  EXPECT_EQ(both.targets.back().mean, alone);
  EXPECT_DOUBLE_EQ(both.mean_srcc, (both.targets[0].mean + both.targets[1].mean) / 2);
}

TEST_F(Evaluate, WorksWithoutKnownDevices) {
  const ArchTable table = made_table(*space_, 4, 300);
  options_.sources = {};
  options_.sample_count = 30;
  for (const auto method : {FewShotMethod::posterior, FewShotMethod::ridge}) {
    options_.method = method;
    EXPECT_GT(evaluate(space_, table, options_).mean_srcc, 0.8) << static_cast<int>(method);
  }
}

TEST_F(Evaluate, SaysWhatIsMissing) {
  const ArchTable table = made_table(*space_, 1, 50);
  options_.sources = {"c"};
  EXPECT_THROW(evaluate(space_, table, options_), InputError);
  options_.sources = {};
  options_.method = FewShotMethod::eqn3;
  EXPECT_THROW(evaluate(space_, table, options_), InputError);
  options_.sources = {"a"};
  options_.sample_count = 50;
  EXPECT_THROW(evaluate(space_, table, options_), InputError);
}

// Each published table, its first devices known and one of the others the target.
TEST_F(Evaluate, RanksOnPublishedTablesSlow) {
  struct Published {
    const char* space;
    const char* file;
    std::vector<std::string> sources;
    std::string target;
  };
  const Published tables[] = {
      {"nas_bench_201", "nasbench201/help_latency_ms.csv", {"1080ti_1", "silver_4114", "pixel3"}, "fpga"},
      {"fbnet", "fbnet/help_latency_ms.csv", {"1080ti_1", "silver_4114", "pixel3"}, "eyeriss"},
      {"ofa_mobilenet_v3", "ofa_mbv3/help_latency_ms.csv", {"2080ti_1", "2080ti_32"}, "titan_rtx_32"}};
  const char* set = std::getenv("ONEPROXY_DATA");
  const std::filesystem::path folder =
      set != nullptr ? std::filesystem::path(set)
                     : std::filesystem::path(ONEPROXY_SOURCE_DIR).parent_path() / "shared" / "data";
  for (const auto& [name, file, sources, target] : tables) {
    if (!std::filesystem::exists(folder / file)) GTEST_SKIP() << (folder / file) << " is absent (ONEPROXY_DATA)";
    SCOPED_TRACE(name);
    const auto space = make_space(name);
    const EvaluateOptions options{.sources = sources, .targets = {target}, .repeat_count = 2};
    EXPECT_GT(evaluate(space, read_published_table(folder / file, *space), options).mean_srcc, 0.9);
  }
}

}  // namespace
}  // namespace oneproxy
