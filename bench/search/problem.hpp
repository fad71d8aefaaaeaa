#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "oneproxy/predict/linear.hpp"
#include "oneproxy/predict/mlp.hpp"
#include "oneproxy/search/candidate.hpp"

namespace oneproxy::bench {

/// He-normal layers of the given sizes.
inline std::vector<DenseLayer> random_layers(const std::vector<Eigen::Index>& sizes, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<DenseLayer> layers;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    DenseLayer layer{FeatureMatrix(sizes[i], sizes[i + 1]), Eigen::VectorXf::Zero(sizes[i + 1])};
    // About 20 of the one-hot inputs are ones.
    const double deviation = std::sqrt(2.0 / (i == 0 ? 20.0 : static_cast<double>(sizes[i])));
    for (auto& weight : layer.weight.reshaped<Eigen::RowMajor>()) weight = static_cast<float>(deviation * rng.normal());
    layers.push_back(std::move(layer));
  }
  return layers;
}

/// The paper's space with predictors of its sizes: an MLP of feature_count-400-400-400-1 whose first layer favours
/// large kernels and expansions, and a linear latency whose weights grow with both.
struct Problem {
  SpacePtr space = make_space("mobilenet_v2");
  std::unique_ptr<MlpPredictor> accuracy;
  std::unique_ptr<LinearPredictor> latency;

  explicit Problem(std::uint64_t seed = 1) {
    const auto feature_count = static_cast<Eigen::Index>(space->feature_count());
    auto layers = random_layers({feature_count, 400, 400, 400, 1}, seed);
    Rng rng = Rng(seed).stream(1);
    Eigen::VectorXd weights_ms(feature_count);
    const Eigen::VectorXf direction =
        Eigen::VectorXf::NullaryExpr(400, [&] { return static_cast<float>(rng.normal()); });
    for (Eigen::Index i = 0; i < feature_count; ++i) {
      const double size = i + 1 == feature_count ? 4 : 1 + 0.5 * static_cast<double>(i % 9 / 3 + i % 3);
      weights_ms[i] = 0.5 * size * (0.5 + rng.uniform());
      layers[0].weight.row(i) += static_cast<float>(0.2 * std::sqrt(size)) * direction.transpose();
    }
    for (int i = 1; i <= 2; ++i) {  // lets the direction through to the output
      layers[static_cast<std::size_t>(i)].weight = layers[static_cast<std::size_t>(i)].weight.cwiseAbs() * 0.1F +
                                                   layers[static_cast<std::size_t>(i)].weight * 0.9F;
    }
    layers[3].weight = layers[3].weight.cwiseAbs();
    accuracy = std::make_unique<MlpPredictor>(space, std::move(layers));
    latency = std::make_unique<LinearPredictor>(space, std::move(weights_ms));
  }
  SearchProblem view() const { return {*space, *latency, *accuracy}; }
};

}  // namespace oneproxy::bench
