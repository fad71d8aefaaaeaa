#include "oneproxy/adapt/mlp_adaptation.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "adapt/published_data.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/predict/mlp_fit.hpp"

namespace oneproxy {
namespace {

TEST(LastLayer, AdaptsToATargetThatScalesTheProxy) {
  const SpacePtr space = published::plain_space("plain", 6, {"a", "b", "c"});
  Rng rng(1);
  const auto xs = space->sample_distinct(300, rng);
  std::vector<double> proxy_ms;
  for (const auto& x : xs) proxy_ms.push_back(2 + x[0] * x[1] + 0.5 * x[4]);
  const MlpFit proxy = fit_mlp(space, xs, proxy_ms, {.hidden = {20, 10}, .epochs = 60});
  const auto predicted = MlpPredictor(space, proxy.layers)(xs);
  const std::span<const Architecture> samples = std::span(xs).first(30);
  std::vector<double> target_ms;
  for (std::size_t i = 0; i < 30; ++i) target_ms.push_back(3.0 * static_cast<double>(predicted[i]));
  const AdaptedMlp adapted = adapt_last_layer(*space, proxy.layers, samples, target_ms);
  for (std::size_t l = 0; l + 1 < proxy.layers.size(); ++l) {
    EXPECT_EQ(adapted.layers[l].weight, proxy.layers[l].weight);
    EXPECT_EQ(adapted.layers[l].bias, proxy.layers[l].bias);
  }
  const auto after = MlpPredictor(space, adapted.layers)(xs);
  for (std::size_t i = 0; i < xs.size(); ++i) EXPECT_NEAR(after[i], 3 * predicted[i], 1e-3 * predicted[i]);
  EXPECT_GT(adapted.srcc.srcc, 0.999);
  EXPECT_THROW(adapt_last_layer(*space, proxy.layers, samples.first(5), std::span(target_ms).first(5)), InputError);
}

/// Of the table behind the paper's Fig. 31: the proxy's neural network, and the last layer of its compressed form
/// adapted to a target by 60 samples, on the networks that were not sampled (docs/design/lookup_table.md has the
/// figures).
TEST(LastLayer, SlowAdaptationImprovesPublishedTargets) {
  if (!std::filesystem::exists(published::nasbench201_file())) GTEST_SKIP() << "no published latencies";
  const auto table = published::nasbench201();
  const MlpFit proxy = fit_mlp(table.space, table.architectures, table.column("true_vpu"),
                               {.learning_rate = 2e-3, .weight_decay = 0.01});
  const auto two = compressed(table.space, proxy.layers);
  const auto values = [&](const std::vector<DenseLayer>& layers, std::span<const Architecture> xs) {
    const auto floats = MlpPredictor(table.space, layers)(xs);
    return std::vector<double>(floats.begin(), floats.end());
  };
  for (const std::string device : {"eagle_gtx", "eagle_i7", "true_630", "rice_eyeriss"}) {
    SCOPED_TRACE(device);
    const auto latency_ms = table.column(device);
    double before = 0;
    double after = 0;
    constexpr int draws = 3;
    for (std::uint64_t seed = 1; seed <= draws; ++seed) {
      std::vector<std::size_t> order(latency_ms.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      Rng rng(seed);
      rng.shuffle<std::size_t>(order);
      std::vector<Architecture> xs[2];
      std::vector<double> ms[2];
      for (std::size_t i = 0; i < order.size(); ++i) {
        const std::size_t unseen = i < 60 ? 0 : 1;
        xs[unseen].push_back(table.architectures[order[i]]);
        ms[unseen].push_back(latency_ms[order[i]]);
      }
      const AdaptedMlp adapted = adapt_last_layer(*table.space, two, xs[0], ms[0]);
      before += srcc(values(proxy.layers, xs[1]), ms[1]) / draws;
      after += srcc(values(adapted.layers, xs[1]), ms[1]) / draws;
    }
    std::printf("%s: SRCC %.3f before, %.3f after\n", device.c_str(), before, after);
    EXPECT_GT(after, before + 0.1);
  }
}

}  // namespace
}  // namespace oneproxy
