#include "oneproxy/predict/mlp_fit.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "adapt/published_data.hpp"
#include "measure/temporary_folder.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/predict/latency_file.hpp"
#include "oneproxy/predict/linear.hpp"

namespace oneproxy {
namespace {

using testing::TemporaryFolder;

struct Measured {
  SpacePtr space;
  std::vector<Architecture> xs;
  std::vector<double> latency_ms;
};

/// Latencies of eight decisions; `together`: how much choices of neighbours count in pairs, which no weights sum up.
Measured made_up(std::size_t count, double together, std::uint64_t seed) {
  Measured m{published::plain_space("plain", 8, {"a", "b", "c"}), {}, {}};
  Rng rng(seed);
  m.xs = m.space->sample_distinct(count, rng);
  for (const auto& x : m.xs) {
    double ms = 5;
    for (std::size_t d = 0; d < 8; ++d) ms += 0.3 * static_cast<double>(x[d] * (d + 1)) / 8;
    for (std::size_t d = 0; d + 1 < 8; ++d) ms += together * x[d] * x[d + 1];
    m.latency_ms.push_back(ms);
  }
  return m;
}

std::vector<double> values_of(const Predictor& predictor, std::span<const Architecture> xs) {
  const auto floats = predictor(xs);
  return {floats.begin(), floats.end()};
}

double rmse_of(const Predictor& predictor, const Measured& m) { return rmse(values_of(predictor, m.xs), m.latency_ms); }

double deviation(const std::vector<double>& values) {
  const Eigen::Map<const Eigen::ArrayXd> all(values.data(), static_cast<Eigen::Index>(values.size()));
  return std::sqrt((all - all.mean()).square().mean());
}

TEST(MlpFit, WithoutHiddenLayersIsLeastSquares) {
  const Measured m = made_up(400, 0, 1);
  const MlpFit fit = fit_mlp(m.space, m.xs, m.latency_ms, {.hidden = {}, .epochs = 400, .weight_decay = 0});
  EXPECT_EQ(fit.layers.size(), 1U);
  // The latencies are exactly linear; single precision is left, some 1e-7 of them, and what Adam falls short.
  EXPECT_LT(rmse_of(MlpPredictor(m.space, fit.layers), m), 1e-4 * deviation(m.latency_ms));
}

TEST(MlpFit, LearnsWhatIsNotLinear) {
  const Measured m = made_up(1'000, 0.5, 2);
  const Measured unseen = made_up(1'000, 0.5, 3);
  const MlpFit fit = fit_mlp(m.space, m.xs, m.latency_ms, {.hidden = {64, 32}});
  const LinearPredictor linear = fit_linear(m.space, m.xs, m.latency_ms);
  const double mlp_rmse = rmse_of(MlpPredictor(m.space, fit.layers), unseen);
  // What no weights sum up is what the linear fit leaves: fifteen sixteenths of its variance are learnt at least.
  EXPECT_LT(mlp_rmse, 0.25 * rmse_of(linear, unseen));
  EXPECT_EQ(fit.training.sample_count, 1'000U);
  EXPECT_GT(fit.training.held_out_srcc, linear.training().held_out_srcc);
  // What it tells of itself comes from 200 networks that a fit to the 800 others had not seen: the RMSE of so few is
  // good to a tenth, and a fit to 800 is no better than one to 1,000. What it had seen would be far below.
  EXPECT_LT(mlp_rmse, 1.5 * fit.training.held_out_rmse_ms);
  EXPECT_GT(mlp_rmse, 0.5 * fit.training.held_out_rmse_ms);
}

TEST(MlpFit, TheSameSeedGivesTheSameBits) {
  const Measured m = made_up(100, 0.5, 4);
  const MlpFitOptions options{.hidden = {20, 10}, .epochs = 5, .seed = 9};
  const MlpFit one = fit_mlp(m.space, m.xs, m.latency_ms, options);
  const MlpFit two = fit_mlp(m.space, m.xs, m.latency_ms, options);
  for (std::size_t l = 0; l < one.layers.size(); ++l) {
    EXPECT_EQ(one.layers[l].weight, two.layers[l].weight);
    EXPECT_EQ(one.layers[l].bias, two.layers[l].bias);
  }
  MlpFitOptions other = options;
  other.seed = 10;
  EXPECT_NE(fit_mlp(m.space, m.xs, m.latency_ms, other).layers[0].weight, one.layers[0].weight);
}

TEST(MlpFit, StopsAndRefuses) {
  const Measured m = made_up(40, 0, 5);
  std::size_t calls = 0;
  const auto stop = [&](const Progress& progress) { return ++calls < 3 && progress.total == 14; };
  EXPECT_THROW(fit_mlp(m.space, m.xs, m.latency_ms, {.hidden = {4}, .epochs = 7}, stop), Stopped);
  EXPECT_EQ(calls, 3U);
  EXPECT_THROW(fit_mlp(m.space, std::span(m.xs).first(9), std::span(m.latency_ms).first(9)), InputError);
}

TEST(MlpLatencyFile, IsReadAsAnyPredictor) {
  const TemporaryFolder folder;
  const auto file = folder / "phone.onnx";
  const SpacePtr space = make_space("fbnet");
  Rng rng(6);
  const auto xs = space->sample_distinct(60, rng);
  std::vector<double> latency_ms;
  for (const auto& x : xs) latency_ms.push_back(1 + x[0] + 0.1 * x[7]);
  const MlpFit fit = fit_mlp(space, xs, latency_ms, {.hidden = {30, 10}, .epochs = 10, .device = "a phone"});
  save_mlp_latency(file, *space, fit);
  const auto again = load_latency_predictor(file, space);
  EXPECT_EQ((*again)(xs), MlpPredictor(space, fit.layers)(xs));
  const Metadata metadata = read_onnx_metadata(file);
  EXPECT_NE(std::ranges::find(metadata, std::pair<std::string, std::string>{"device", "a phone"}), metadata.end());
  EXPECT_THROW(load_latency_predictor(file, make_space("fbnet(classes=10)")), InputError);
}

TEST(LastLayerInputs, TimesItsWeightsAreThePredictions) {
  const Measured m = made_up(80, 0.5, 7);
  const MlpFit fit = fit_mlp(m.space, m.xs, m.latency_ms, {.hidden = {30, 10}, .epochs = 10});
  const Eigen::MatrixXd inputs = last_layer_inputs(*m.space, fit.layers, m.xs);
  ASSERT_EQ(inputs.cols(), 11);
  Eigen::VectorXd weights(11);
  weights << fit.layers.back().weight.col(0).cast<double>(), static_cast<double>(fit.layers.back().bias[0]);
  const Eigen::VectorXd sums = inputs * weights;
  const auto floats = MlpPredictor(m.space, fit.layers)(m.xs);
  for (std::size_t i = 0; i < m.xs.size(); ++i) {
    EXPECT_NEAR(floats[i], sums[static_cast<Eigen::Index>(i)], 1e-4 * sums[static_cast<Eigen::Index>(i)]);
  }
}

TEST(Compressed, KeepsTheFirstLayerAndNearlyThePredictions) {
  const Measured m = made_up(1'000, 0.5, 8);
  const MlpFit fit = fit_mlp(m.space, m.xs, m.latency_ms, {.hidden = {64, 32, 16}});
  const auto two = compressed(m.space, fit.layers);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].weight, fit.layers[0].weight);
  EXPECT_EQ(two[0].bias, fit.layers[0].bias);
  // The first layer still knows which choices meet: a linear fit to the same predictions ranks ten times as badly.
  const auto whole = values_of(MlpPredictor(m.space, fit.layers), m.xs);
  const double linear_srcc = srcc(whole, values_of(fit_linear(m.space, m.xs, whole), m.xs));
  EXPECT_LT(1 - srcc(whole, values_of(MlpPredictor(m.space, two), m.xs)), 0.1 * (1 - linear_srcc));
  EXPECT_EQ(compressed(m.space, two)[1].weight, two[1].weight);
}

TEST(MlpFit, SlowOfPublishedLatenciesIsBetterThanALinearFit) {
  if (!std::filesystem::exists(published::nasbench201_file())) GTEST_SKIP() << "no published latencies";
  const auto table = published::nasbench201();
  const auto all = table.column("true_vpu");
  const std::span<const Architecture> xs(table.architectures);
  const std::size_t training = 1'000;
  const MlpFit fit = fit_mlp(table.space, xs.first(training), std::span(all).first(training),
                             {.learning_rate = 2e-3, .weight_decay = 0.01});
  const LinearPredictor linear = fit_linear(table.space, xs.first(training), std::span(all).first(training));
  const Measured unseen{
      table.space, {xs.begin() + training, xs.end()}, {all.begin() + static_cast<std::ptrdiff_t>(training), all.end()}};
  const double mlp_rmse = rmse_of(MlpPredictor(table.space, fit.layers), unseen);
  const double linear_rmse = rmse_of(linear, unseen);
  RecordProperty("mlp_rmse_ms", std::to_string(mlp_rmse));
  RecordProperty("linear_rmse_ms", std::to_string(linear_rmse));
  EXPECT_LT(mlp_rmse, linear_rmse);
}

}  // namespace
}  // namespace oneproxy
