#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "oneproxy/predict/linear.hpp"
#include "oneproxy/predict/mlp.hpp"
#include "oneproxy/search/candidate.hpp"
#include "oneproxy/search/evolution.hpp"
#include "oneproxy/search/pareto.hpp"

namespace oneproxy::bench {

/// Ones in the encoding of a random network: kernels and expansions of 15 blocks, the resolution, the constant.
inline constexpr double mean_ones = 32;
/// Of one prediction by Problem::accuracy: additions of the first layer's rows, two hidden layers, the last.
inline constexpr double flops_per_accuracy = mean_ones * 400 + 2.0 * (2 * 400 * 400 + 400);

/// He-normal layers of the given sizes.
inline std::vector<DenseLayer> random_layers(const std::vector<Eigen::Index>& sizes, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<DenseLayer> layers;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    DenseLayer layer{FeatureMatrix(sizes[i], sizes[i + 1]), Eigen::VectorXf::Zero(sizes[i + 1])};
    const double deviation = std::sqrt(2.0 / (i == 0 ? mean_ones : static_cast<double>(sizes[i])));
    for (auto& weight : layer.weight.reshaped<Eigen::RowMajor>()) weight = static_cast<float>(deviation * rng.normal());
    layers.push_back(std::move(layer));
  }
  return layers;
}

/// Once-for-All's space with predictors of the paper's sizes: an MLP of 128-400-400-400-1 (and the constant) whose
/// first layer favours large kernels, expansions and images, and a linear latency whose weights grow with all three.
struct Problem {
  SpacePtr space = make_space("ofa_mobilenet_v3");
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
      const double option = static_cast<double>(i % 3);
      // Sixty kernels, sixty expansions, eight steps of the resolution, the constant.
      const double size = i < 60    ? 1 + 0.5 * option
                          : i < 120 ? 1 + option
                          : i < 128 ? 2 * static_cast<double>(i - 119)
                                    : 4;
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

/// Counts what is asked of a predictor. For one thread.
class Counted final : public Predictor {
 public:
  explicit Counted(const Predictor& inner) : inner_(inner) {}
  void predict(std::span<const Architecture> xs, std::span<float> out) const override {
    count_ += xs.size();
    inner_.predict(xs, out);
  }
  std::size_t count() const { return count_; }

 private:
  const Predictor& inner_;
  mutable std::size_t count_ = 0;
};

/// The point from which hypervolumes of a problem's fronts are counted: the largest of 30 limits spread over the
/// latencies, and the accuracy of the fastest network.
struct Reference {
  std::vector<double> limits_ms;
  double least_accuracy;

  explicit Reference(const SearchProblem& problem) : limits_ms(spread_limits(problem, 30, 1)) {
    const Architecture fastest = minimum_latency(problem.space, problem.latency).architecture;
    least_accuracy = static_cast<double>(problem.accuracy({&fastest, 1}).front());
  }
  double hypervolume_of(std::span<const float> latency, std::span<const float> accuracy) const {
    return hypervolume(latency, accuracy, limits_ms.back(), least_accuracy);
  }
  double hypervolume_of(const Front& front) const {
    std::vector<float> latency, accuracy;
    for (const auto& candidate : front) {
      latency.push_back(candidate.latency_ms);
      accuracy.push_back(candidate.accuracy);
    }
    return hypervolume_of(latency, accuracy);
  }
};

}  // namespace oneproxy::bench
