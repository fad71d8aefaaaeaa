#include "oneproxy/predict/mlp_fit.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/predict/ridge.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

/// First and second moments of one array's gradients, as Adam keeps them (Kingma and Ba, ICLR 2015).
template <class Array>
struct Adam {
  Array mean;
  Array square;

  explicit Adam(const Array& values) : mean(Array::Zero(values.rows(), values.cols())), square(mean) {}

  void step(Array& values, const Array& gradient, int count, float rate, float decay) {
    constexpr float beta1 = 0.9F;
    constexpr float beta2 = 0.999F;
    const float corrected1 = 1 - std::pow(beta1, static_cast<float>(count));
    const float corrected2 = 1 - std::pow(beta2, static_cast<float>(count));
    mean = beta1 * mean + (1 - beta1) * gradient;
    square.array() = beta2 * square.array() + (1 - beta2) * gradient.array().square();
    values.array() -=
        rate * ((mean.array() / corrected1) / ((square.array() / corrected2).sqrt() + 1e-8F) + decay * values.array());
  }
};

struct LayerMoments {
  Adam<FeatureMatrix> weight;
  Adam<Eigen::VectorXf> bias;
  explicit LayerMoments(const DenseLayer& layer) : weight(layer.weight), bias(layer.bias) {}
};

/// Latencies to learn, and their encodings as the places of the ones.
struct Lesson {
  ActiveFeatures active;
  Eigen::VectorXf y;
};

std::vector<DenseLayer> first_layers(Index inputs, const std::vector<int>& hidden, Rng rng) {
  std::vector<Index> sizes{inputs};
  sizes.insert(sizes.end(), hidden.begin(), hidden.end());
  sizes.push_back(1);
  std::vector<DenseLayer> layers;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    DenseLayer layer{FeatureMatrix(sizes[i], sizes[i + 1]), Eigen::VectorXf::Zero(sizes[i + 1])};
    const double deviation = std::sqrt((i + 2 == sizes.size() ? 1.0 : 2.0) / static_cast<double>(sizes[i]));
    for (float& weight : layer.weight.reshaped<Eigen::RowMajor>()) {
      weight = static_cast<float>(deviation * rng.normal());
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

class Trainer {
 public:
  Trainer(std::vector<DenseLayer> layers, const Lesson& lesson, const MlpFitOptions& options)
      : layers_(std::move(layers)), lesson_(lesson), options_(options), values_(layers_.size()) {
    for (const auto& layer : layers_) moments_.emplace_back(layer);
    gradient_ = layers_;
  }

  std::vector<DenseLayer> run(Rng rng, const std::function<void()>& after_epoch) {
    std::vector<std::size_t> order(static_cast<std::size_t>(lesson_.y.size()));
    std::iota(order.begin(), order.end(), std::size_t{0});
    const std::size_t batch = std::clamp<std::size_t>(order.size() / 4, 1, options_.batch);
    const std::size_t batch_count = (order.size() + batch - 1) / batch;
    const auto step_count = static_cast<double>(static_cast<std::size_t>(options_.epochs) * batch_count);
    int step = 0;
    for (int epoch = 0; epoch < options_.epochs; ++epoch) {
      rng.shuffle<std::size_t>(order);
      for (std::size_t begin = 0; begin < order.size(); begin += batch) {
        backward(std::span(order).subspan(begin, std::min(batch, order.size() - begin)));
        const double fallen = 0.5 * (1 + std::cos(std::numbers::pi * step / step_count));
        ++step;
        const auto rate = static_cast<float>(options_.learning_rate * fallen);
        const auto decay = static_cast<float>(options_.weight_decay);
        for (std::size_t l = 0; l < layers_.size(); ++l) {
          moments_[l].weight.step(layers_[l].weight, gradient_[l].weight, step, rate, decay);
          moments_[l].bias.step(layers_[l].bias, gradient_[l].bias, step, rate, 0);
        }
      }
      after_epoch();
    }
    return std::move(layers_);
  }

 private:
  /// Fills values_ with what each layer puts out.
  void forward(std::span<const std::size_t> rows) {
    auto& first = values_[0];
    first = layers_[0].bias.transpose().replicate(static_cast<Index>(rows.size()), 1);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (const auto feature : lesson_.active.row(rows[i])) {
        first.row(static_cast<Index>(i)) += layers_[0].weight.row(feature);
      }
    }
    for (std::size_t l = 1; l < layers_.size(); ++l) {
      values_[l - 1] = values_[l - 1].cwiseMax(0.0F);
      values_[l].noalias() = values_[l - 1] * layers_[l].weight;
      values_[l].rowwise() += layers_[l].bias.transpose();
    }
  }

  /// Fills gradient_ with that of the mean squared error's half.
  void backward(std::span<const std::size_t> rows) {
    forward(rows);
    FeatureMatrix error = values_.back();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      error(static_cast<Index>(i), 0) -= lesson_.y[static_cast<Index>(rows[i])];
    }
    error /= static_cast<float>(rows.size());
    for (std::size_t l = layers_.size() - 1; l > 0; --l) {
      gradient_[l].weight.noalias() = values_[l - 1].transpose() * error;
      gradient_[l].bias = error.colwise().sum();
      FeatureMatrix before = error * layers_[l].weight.transpose();
      error = before.array() * (values_[l - 1].array() > 0).cast<float>();
    }
    gradient_[0].bias = error.colwise().sum();
    gradient_[0].weight.setZero();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (const auto feature : lesson_.active.row(rows[i])) {
        gradient_[0].weight.row(feature) += error.row(static_cast<Index>(i));
      }
    }
  }

  std::vector<DenseLayer> layers_;
  const Lesson& lesson_;
  const MlpFitOptions& options_;
  std::vector<FeatureMatrix> values_;
  std::vector<DenseLayer> gradient_;
  std::vector<LayerMoments> moments_;
};

/// Layers that answer in ms, fitted to the architectures chosen.
std::vector<DenseLayer> fitted(const SearchSpace& space, std::span<const Architecture> xs,
                               std::span<const double> latency_ms, std::span<const std::size_t> chosen,
                               const MlpFitOptions& options, const std::function<void()>& after_epoch) {
  std::vector<Architecture> taken;
  Eigen::VectorXd y(static_cast<Index>(chosen.size()));
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    taken.push_back(xs[chosen[i]]);
    y[static_cast<Index>(i)] = latency_ms[chosen[i]];
  }
  const double mean = y.mean();
  const double deviation = std::max(std::sqrt((y.array() - mean).square().mean()), 1e-12);
  Lesson lesson;
  space.active_features(taken, lesson.active);
  lesson.y = ((y.array() - mean) / deviation).cast<float>();
  const Rng rng(options.seed);
  Trainer trainer(first_layers(static_cast<Index>(space.feature_count()), options.hidden, rng.stream(1)), lesson,
                  options);
  std::vector<DenseLayer> layers = trainer.run(rng.stream(2), after_epoch);
  layers.back().weight *= static_cast<float>(deviation);
  layers.back().bias[0] = static_cast<float>(layers.back().bias[0] * deviation + mean);
  return layers;
}

}  // namespace

MlpFit fit_mlp(const SpacePtr& space, std::span<const Architecture> xs, std::span<const double> latency_ms,
               const MlpFitOptions& options, const ProgressCallback& progress) {
  assert(xs.size() == latency_ms.size());
  constexpr std::size_t fewest = 10;
  if (xs.size() < fewest) {
    throw InputError("fitting an MLP", "expected at least " + std::to_string(fewest) +
                                           " measured architectures, found " + std::to_string(xs.size()));
  }
  std::vector<std::size_t> order(xs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng rng = Rng(options.seed).stream(3);
  rng.shuffle<std::size_t>(order);
  const auto held_out_count = static_cast<std::size_t>(std::clamp(
      std::round(options.held_out_share * static_cast<double>(xs.size())), 2.0, static_cast<double>(xs.size() - 2)));

  std::size_t epoch = 0;
  const auto after_epoch = [&] {
    report(progress, {"fitting an MLP", ++epoch, 2 * static_cast<std::size_t>(options.epochs)});
  };
  const auto without = fitted(*space, xs, latency_ms, std::span(order).subspan(held_out_count), options, after_epoch);
  std::vector<Architecture> held_out;
  std::vector<double> measured;
  for (const std::size_t i : std::span(order).first(held_out_count)) {
    held_out.push_back(xs[i]);
    measured.push_back(latency_ms[i]);
  }
  const auto floats = MlpPredictor(space, without)(held_out);
  const std::vector<double> predicted(floats.begin(), floats.end());

  std::ranges::sort(order);
  return {.layers = fitted(*space, xs, latency_ms, order, options, after_epoch),
          .training = {.device = options.device,
                       .sample_count = xs.size(),
                       .held_out_srcc = srcc(predicted, measured),
                       .held_out_rmse_ms = rmse(predicted, measured)}};
}

void save_mlp_latency(const std::filesystem::path& file, const SearchSpace& space, const MlpFit& fit) {
  const auto text = [](double value) { return std::isfinite(value) ? nlohmann::json(value).dump() : "not known"; };
  const MlpTraining& t = fit.training;
  write_mlp_onnx(file, fit.layers,
                 {{"space", space.description()},
                  {"unit", "ms"},
                  {"device", t.device},
                  {"sample_count", std::to_string(t.sample_count)},
                  {"held_out_srcc", text(t.held_out_srcc)},
                  {"held_out_rmse_ms", text(t.held_out_rmse_ms)}});
}

std::vector<DenseLayer> compressed(const SpacePtr& space, const std::vector<DenseLayer>& layers, std::uint64_t seed) {
  if (layers.size() <= 2) return layers;
  const auto width = layers.front().weight.cols();
  std::vector<Architecture> xs(static_cast<std::size_t>(4 * width));
  Rng rng(seed);
  for (auto& x : xs) x = space->sample(rng);
  const auto floats = MlpPredictor(space, layers)(xs);
  std::vector<DenseLayer> two{layers.front(), {FeatureMatrix::Zero(width, 1), Eigen::VectorXf::Zero(1)}};
  const Eigen::MatrixXd inputs = last_layer_inputs(*space, two, xs);
  const RidgeFit fit =
      fit_ridge(inputs.leftCols(width), Eigen::Map<const Eigen::VectorXf>(floats.data(), inputs.rows()).cast<double>());
  two.back().weight.col(0) = fit.weights.cast<float>();
  two.back().bias[0] = static_cast<float>(fit.intercept);
  return two;
}

Eigen::MatrixXd last_layer_inputs(const SearchSpace& space, const std::vector<DenseLayer>& layers,
                                  std::span<const Architecture> xs) {
  Eigen::MatrixXd values = space.encode(xs).cast<double>();
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    values = ((values * layers[l].weight.cast<double>()).rowwise() + layers[l].bias.cast<double>().transpose())
                 .cwiseMax(0.0)
                 .eval();
  }
  values.conservativeResize(Eigen::NoChange, values.cols() + 1);
  values.col(values.cols() - 1).setOnes();
  return values;
}

}  // namespace oneproxy
