#include "oneproxy/train/accuracy_fit.hpp"

#include "oneproxy/base/srcc.hpp"
#include "small_task.hpp"

namespace oneproxy {
namespace {

struct Synthetic {
  std::vector<Architecture> xs;
  std::vector<double> accuracy;
};

/// Every feature adds its share; a saturating sum makes it a curve that no linear predictor meets.
Synthetic synthetic(const SearchSpace& space, std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> share(space.feature_count());
  for (auto& value : share) value = rng.uniform();
  Synthetic result;
  result.xs = space.sample_distinct(count, rng);
  const FeatureMatrix features = space.encode(result.xs);
  for (Eigen::Index i = 0; i < features.rows(); ++i) {
    double sum = 0;
    for (Eigen::Index f = 0; f < features.cols(); ++f)
      sum += double{features(i, f)} * share[static_cast<std::size_t>(f)];
    result.accuracy.push_back(90 - 20 * std::exp(-sum / 6));
  }
  return result;
}

AccuracyFitOptions quick() {
  AccuracyFitOptions options;
  options.hidden = 64;
  options.max_epochs = 60;
  options.patience = 15;
  return options;
}

TEST(FitAccuracy, RanksArchitecturesItHasNotSeen) {
  const SpacePtr space = small_space();
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Synthetic data = synthetic(*space, 700, seed);
    AccuracyFitOptions options = quick();
    options.seed = seed;
    const AccuracyFit fit = fit_accuracy(space, data.xs, data.accuracy, options);
    EXPECT_EQ(fit.held_out_count, 140U);
    EXPECT_EQ(fit.fitted_count, 560U);
    ASSERT_EQ(fit.layers.size(), 4U);
    EXPECT_GT(fit.mlp.srcc, 0.9);
    EXPECT_LT(fit.mlp.rmse, 0.5 * fit.spread);

    // The figures are those of the layers returned, on architectures that neither fit nor test has seen too.
    const Synthetic all = synthetic(*space, 1000, seed);
    const auto predicted = MlpPredictor(space, fit.layers)(std::span(all.xs).subspan(700));
    const std::vector<double> values(predicted.begin(), predicted.end());
    EXPECT_GT(srcc(values, std::span(all.accuracy).subspan(700)), 0.88);
  }
}

TEST(FitAccuracy, SameSeedSameLayers) {
  const SpacePtr space = small_space();
  const Synthetic data = synthetic(*space, 100, 4);
  const AccuracyFit a = fit_accuracy(space, data.xs, data.accuracy, quick());
  const AccuracyFit b = fit_accuracy(space, data.xs, data.accuracy, quick());
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(a.layers[i].weight, b.layers[i].weight);
    EXPECT_EQ(a.layers[i].bias, b.layers[i].bias);
  }
}

TEST(FitAccuracy, NothingToFitIsSaid) {
  const SpacePtr space = small_space();
  const Synthetic data = synthetic(*space, 40, 4);
  EXPECT_NE(input_error([&] {
              fit_accuracy(space, std::span(data.xs).first(19), std::span(data.accuracy).first(19));
            }).find("at least 20"),
            std::string::npos);
  const std::vector<double> alike(40, 70.0);
  EXPECT_NE(input_error([&] { fit_accuracy(space, data.xs, alike); }).find("all the same"), std::string::npos);
}

}  // namespace
}  // namespace oneproxy
