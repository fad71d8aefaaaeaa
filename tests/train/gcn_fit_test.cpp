#include "oneproxy/train/gcn_fit.hpp"

#include <gtest/gtest.h>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/train/subnets.hpp"

namespace oneproxy {
namespace {

struct Sample {
  std::vector<Architecture> xs;
  std::vector<double> ms;
};

Sample sample(const SearchSpace& space, std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  Sample result{space.sample_distinct(count, rng), {}};
  for (const auto& x : result.xs) result.ms.push_back(0.3 + 1e-8 * costs(space.network(x)).flops);
  return result;
}

TEST(GcnFit, OursAndLibTorchAgree) {
  set_train_threads(1);
  for (const char* text : {"nas_bench_201", "mobilenet_v2(resolution=32, width=0.5)"}) {
    SCOPED_TRACE(text);
    const auto space = make_space(text);
    const Sample train = sample(*space, 20, 1);
    const GcnModel model = fit_gcn(*space, train.xs, train.ms, {.epochs = 1});
    ASSERT_EQ(model.convolutions.size(), 4U);
    EXPECT_EQ(model.convolutions[1].weight.rows(), 600);
    const auto xs = sample(*space, 30, 2).xs;
    const auto torch = gcn_by_torch(model, *space, xs);
    const auto ours = GcnPredictor(space, model)(xs);
    for (std::size_t i = 0; i < xs.size(); ++i) EXPECT_NEAR(ours[i], torch[i], 1e-4) << i;
  }
}

TEST(GcnFit, SameSeedSameModel) {
  set_train_threads(1);
  const auto space = make_space("nas_bench_201");
  const Sample train = sample(*space, 12, 1);
  const GcnFitOptions options{.hidden = 16, .epochs = 2};
  const auto xs = sample(*space, 10, 2).xs;
  const auto values = [&](const GcnFitOptions& how) {
    return GcnPredictor(space, fit_gcn(*space, train.xs, train.ms, how))(xs);
  };
  EXPECT_EQ(values(options), values(options));
  EXPECT_NE(values(options), values({.hidden = 16, .epochs = 2, .seed = 2}));
}

TEST(GcnFit, LearnsToRankCellsSlow) {
  set_train_threads(1);
  const auto space = make_space("nas_bench_201");
  const Sample train = sample(*space, 200, 1);
  const Sample test = sample(*space, 300, 2);
  const GcnModel model = fit_gcn(*space, train.xs, train.ms, {.hidden = 100, .epochs = 60});
  const auto out = GcnPredictor(space, model)(test.xs);
  const std::vector<double> predicted(out.begin(), out.end());
  EXPECT_GT(srcc(predicted, test.ms), 0.8);  // short of the 600 units that it needs
}

TEST(GcnFit, RefusesWhatCannotBeFittedAndStops) {
  const auto space = make_space("nas_bench_201");
  const Sample few = sample(*space, 9, 1);
  EXPECT_THROW(fit_gcn(*space, few.xs, few.ms), InputError);
  Sample alike = sample(*space, 10, 1);
  alike.ms.assign(10, 1.0);
  EXPECT_THROW(fit_gcn(*space, alike.xs, alike.ms), InputError);
  const Sample train = sample(*space, 10, 1);
  EXPECT_THROW(fit_gcn(*space, train.xs, train.ms, {.hidden = 4}, [](const Progress& p) { return p.done < 2; }),
               Stopped);
}

}  // namespace
}  // namespace oneproxy
