#include "oneproxy/search/local_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "adapt/published_data.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/search/exhaustive.hpp"
#include "oneproxy/search/pareto.hpp"
#include "oneproxy/space/nas_bench_201.hpp"
#include "search/small_problem.hpp"

namespace oneproxy {
namespace {

using testing_problem::hypervolume_of;
using testing_problem::Problem;
using testing_problem::SmallSpace;

/// Values of all architectures of nas_bench_201; counts what is asked.
class ByIndex final : public Predictor {
 public:
  std::vector<float> values = std::vector<float>(NasBench201::architecture_count);
  void predict(std::span<const Architecture> xs, std::span<float> out) const override {
    for (std::size_t i = 0; i < xs.size(); ++i) out[i] = values[NasBench201::official_index(xs[i])];
    count += xs.size();
  }
  mutable std::size_t count = 0;
};

struct Column {
  std::string name;
  ByIndex predictor;
};

/// The numbers of a table that has every architecture, from column `first` to the end or to `end`. Field `key` is the
/// benchmark's index or the architecture's text.
std::vector<Column> complete_table(const std::string& file, std::size_t key, std::size_t first, std::size_t end) {
  const NasBench201 space;
  std::ifstream stream(published::folder() / "nasbench201" / file);
  std::string line;
  std::getline(stream, line);
  const auto names = published::fields(line);
  end = std::min(end, names.size());
  std::vector<Column> columns(end - first);
  for (std::size_t c = first; c < end; ++c) columns[c - first].name = names[c];
  std::size_t rows = 0;
  for (; std::getline(stream, line); ++rows) {
    const auto row = published::fields(line);
    const std::size_t index = NasBench201::official_index(space.parse(row.at(key)));
    for (std::size_t c = first; c < end; ++c) columns[c - first].predictor.values.at(index) = std::stof(row.at(c));
  }
  EXPECT_EQ(rows, NasBench201::architecture_count) << file;
  return columns;
}

/// 27 devices (HELP, HW-NAS-Bench-360) x three data sets, 2,000 of 15,625 accuracies looked up; the reference point is
/// the largest latency and the lowest accuracy. docs/design/search.md has the figures, also those that fall short.
TEST(Published, LocalSearchOnNasBench201) {
  if (!std::filesystem::exists(published::folder() / "nasbench201" / "accuracy.csv")) {
    GTEST_SKIP() << "no tables in " << published::folder();
  }
  std::vector<Column> devices = complete_table("help_latency_ms.csv", 0, 1, 99);
  for (auto& device : complete_table("hwnasbench360_latency_ms.csv", 0, 3, 99)) devices.push_back(std::move(device));
  const std::vector<Column> data_sets = complete_table("accuracy.csv", 2, 3, 6);
  ASSERT_EQ(devices.size(), 27U);
  std::vector<Architecture> all;
  for (std::size_t i = 0; i < NasBench201::architecture_count; ++i) all.push_back(NasBench201::architecture(i));
  const NasBench201 space;
  std::vector<double> shares;
  for (const auto& device : devices) {
    for (const auto& data_set : data_sets) {
      SCOPED_TRACE(device.name + ", " + data_set.name);
      const SearchProblem problem{space, device.predictor, data_set.predictor};
      const double slowest = std::ranges::max(device.predictor.values);
      const double lowest = std::ranges::min(data_set.predictor.values);
      const double exact = hypervolume_of(search_exhaustive(problem, all), slowest, lowest);
      data_set.predictor.count = 0;
      shares.push_back(hypervolume_of(search_front_locally(problem, {.max_evaluations = 2000}), slowest, lowest) /
                       exact);
      EXPECT_LE(data_set.predictor.count, 2000U);
      EXPECT_LE(shares.back(), 1 + 1e-12);
      EXPECT_GE(shares.back(), 0.99);
    }
  }
  std::ranges::sort(shares);
  const auto met = std::ranges::count_if(shares, [](double share) { return share >= 0.999; });
  double mean = 0;
  for (const double share : shares) mean += share / static_cast<double>(shares.size());
  std::printf("hypervolume: %td of %zu at 99.9%%, mean %.5f, least %.5f\n", met, shares.size(), mean, shares.front());
  EXPECT_GE(mean, 0.999);
  EXPECT_GE(met, 70);  // of 81
}

TEST(LocalSearch, FindsTheExactFrontOfSmallSpaces) {
  const auto space = std::make_shared<SmallSpace>(6);  // 729 architectures
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Problem problem(space, seed);
    const Front exact = search_exhaustive(problem.view(), space->all());
    EXPECT_EQ(search_front_locally(problem.view(), {.max_evaluations = 5000, .seed = seed}), exact);
    const double latency_ms = exact.back().latency_ms, accuracy = exact.front().accuracy - 1;
    const Front part = search_front_locally(problem.view(), {.max_evaluations = 300, .seed = seed});
    EXPECT_GE(hypervolume_of(part, latency_ms, accuracy), 0.97 * hypervolume_of(exact, latency_ms, accuracy));
  }
}

TEST(LocalSearch, IsTheSameOnAnyNumberOfThreadsAndCanonical) {
  const SpacePtr space = make_space("mobilenet_v2");
  const Problem problem(space, 1);
  LocalSearchOptions options{.max_evaluations = 3000};
  const Front expected = search_front_locally(problem.view(), options);
  for (const auto& c : expected) EXPECT_EQ(space->canonical(c.architecture), c.architecture);
  for (const int threads : {2, 5}) {
    options.threads = threads;
    EXPECT_EQ(search_front_locally(problem.view(), options), expected);
  }
  options.seed = 2;
  EXPECT_NE(search_front_locally(problem.view(), options), expected);
}

TEST(LocalSearch, StopsAndRefuses) {
  const auto space = std::make_shared<SmallSpace>(6);
  const Problem problem(space, 1);
  EXPECT_THROW(search_front_locally(problem.view(), {}, [](const Progress& p) { return p.done < 400; }), Stopped);
  EXPECT_THROW(search_front_locally(problem.view(), {.max_evaluations = 0}), InputError);
}

}  // namespace
}  // namespace oneproxy
