#include "oneproxy/train/gcn_fit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/predict/linear.hpp"
#include "oneproxy/space/nas_bench_201.hpp"
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

/// Cells of a device that leaves out operators on no path from input to output: which those are says the graph, and no
/// sum of weights. Half of the variance that a linear fit to the same cells leaves must be learnt from it. Fewer units
/// and steps than by default, and a higher rate for them.
TEST(GcnFit, LearnsFromTheGraphWhatALinearFitCannotSlow) {
  set_train_threads(1);
  const auto space = make_space("nas_bench_201");
  const auto cells = [&](std::size_t count, std::uint64_t seed) {
    Sample result = sample(*space, count, seed);
    for (std::size_t i = 0; i < count; ++i) {
      const auto live = NasBench201::live_edges(result.xs[i]);
      result.ms[i] = 0.3;
      for (std::size_t e = 0; e < live.size(); ++e) {
        constexpr std::array operator_ms{0.0, 0.02, 0.2, 1.0, 0.1};
        if (live[e]) result.ms[i] += operator_ms[result.xs[i][e]];
      }
    }
    return result;
  };
  const Sample train = cells(400, 1);
  const Sample test = cells(300, 2);
  const GcnModel model = fit_gcn(*space, train.xs, train.ms, {.hidden = 64, .epochs = 150, .learning_rate = 5e-3});
  const auto values = [&](const Predictor& predictor) {
    const auto out = predictor(test.xs);
    return std::vector<double>(out.begin(), out.end());
  };
  const auto gcn = values(GcnPredictor(space, model));
  const auto linear = values(fit_linear(space, train.xs, train.ms));
  EXPECT_LT(std::pow(rmse(gcn, test.ms), 2), 0.5 * std::pow(rmse(linear, test.ms), 2));
  EXPECT_GT(srcc(gcn, test.ms), srcc(linear, test.ms));
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
