#include "oneproxy/train/accuracy_fit.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/rng.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/predict/linear.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t kLayers = 4;
constexpr double kWeightDecays[] = {1e-2, 1e-1, 1.0};  // of AdamW; the validation error chooses

struct Sample {
  std::vector<Architecture> xs;
  std::vector<double> accuracy;
};

torch::Tensor features(const SearchSpace& space, std::span<const Architecture> xs) {
  const FeatureMatrix matrix = space.encode(xs);
  auto tensor = torch::empty({matrix.rows(), matrix.cols()});
  std::copy_n(matrix.data(), matrix.size(), tensor.data_ptr<float>());
  return tensor;
}

torch::Tensor standardised(std::span<const double> values, double mean, double deviation) {
  auto tensor = torch::empty({static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i) {
    tensor.data_ptr<float>()[i] = static_cast<float>((values[i] - mean) / deviation);
  }
  return tensor;
}

/// Weights (in x out) and biases of the four layers.
struct Mlp {
  std::vector<torch::Tensor> weight;
  std::vector<torch::Tensor> bias;

  Mlp(std::int64_t inputs, std::int64_t hidden, Rng rng) {
    for (std::size_t i = 0; i < kLayers; ++i) {
      const std::int64_t in = i == 0 ? inputs : hidden;
      auto matrix = torch::empty({in, i + 1 == kLayers ? 1 : hidden});
      const double deviation = std::sqrt((i + 1 == kLayers ? 1.0 : 2.0) / static_cast<double>(in));
      for (std::int64_t k = 0; k < matrix.numel(); ++k) {
        matrix.data_ptr<float>()[k] = static_cast<float>(deviation * rng.normal());
      }
      weight.push_back(matrix.requires_grad_());
      bias.push_back(torch::zeros({matrix.size(1)}).requires_grad_());
    }
  }

  torch::Tensor forward(torch::Tensor x, double dropout, at::Generator& generator) const {
    for (std::size_t i = 0; i < kLayers; ++i) {
      x = torch::addmm(bias[i], x, weight[i]);
      if (i + 1 == kLayers) break;
      x = torch::relu(x);
      if (dropout > 0) x = x * torch::empty_like(x).bernoulli_(1 - dropout, generator) / (1 - dropout);
    }
    return x.squeeze(1);
  }

  std::vector<torch::Tensor> copy() const {
    std::vector<torch::Tensor> result;
    for (std::size_t i = 0; i < kLayers; ++i) {
      result.push_back(weight[i].detach().clone());
      result.push_back(bias[i].detach().clone());
    }
    return result;
  }
};

struct Attempt {
  double validation_error = std::numeric_limits<double>::infinity();
  std::vector<torch::Tensor> tensors;  ///< weight and bias of each layer, of the best epoch
  int epochs = 0;
};

Attempt train(const torch::Tensor& x, const torch::Tensor& y, const torch::Tensor& validation_x,
              const torch::Tensor& validation_y, double weight_decay, const AccuracyFitOptions& options,
              const std::function<bool(int)>& on_epoch) {
  const Rng root(options.seed);
  Mlp mlp(x.size(1), options.hidden, root.stream(1));
  auto generator = at::detail::createCPUGenerator(options.seed);
  torch::optim::AdamWOptions decayed(options.learning_rate);
  decayed.weight_decay(weight_decay);
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(mlp.weight, std::make_unique<torch::optim::AdamWOptions>(decayed));
  groups.emplace_back(mlp.bias, std::make_unique<torch::optim::AdamWOptions>(decayed.weight_decay(0)));
  torch::optim::AdamW optimizer(groups, decayed);

  std::vector<std::int64_t> order(static_cast<std::size_t>(x.size(0)));
  std::iota(order.begin(), order.end(), 0);
  Attempt best;
  for (int epoch = 1; epoch <= options.max_epochs && epoch - best.epochs <= options.patience; ++epoch) {
    root.stream(2).stream(static_cast<std::uint64_t>(epoch)).shuffle(std::span(order));
    for (std::size_t first = 0; first < order.size(); first += static_cast<std::size_t>(options.batch)) {
      const std::size_t count = std::min(order.size() - first, static_cast<std::size_t>(options.batch));
      const auto rows = torch::tensor(c10::ArrayRef<std::int64_t>(order.data() + first, count));
      optimizer.zero_grad();
      const auto prediction = mlp.forward(x.index_select(0, rows), options.dropout, generator);
      torch::mse_loss(prediction, y.index_select(0, rows)).backward();
      optimizer.step();
    }
    const torch::NoGradGuard no_gradients;
    const double error = torch::mse_loss(mlp.forward(validation_x, 0, generator), validation_y).item<double>();
    if (error < best.validation_error) best = {error, mlp.copy(), epoch};
    if (!on_epoch(epoch)) throw Stopped("fitting the accuracy predictor stopped");
  }
  return best;
}

/// The layers that predict percent: the last one scaled back from standardised accuracies.
std::vector<DenseLayer> dense_layers(const std::vector<torch::Tensor>& tensors, double mean, double deviation) {
  std::vector<DenseLayer> layers;
  for (std::size_t i = 0; i < kLayers; ++i) {
    const auto& weight = tensors[2 * i];
    const auto& bias = tensors[2 * i + 1];
    layers.push_back({Eigen::Map<const FeatureMatrix>(weight.data_ptr<float>(), weight.size(0), weight.size(1)),
                      Eigen::Map<const Eigen::VectorXf>(bias.data_ptr<float>(), bias.size(0))});
  }
  layers.back().weight *= static_cast<float>(deviation);
  layers.back().bias = layers.back().bias * static_cast<float>(deviation) +
                       Eigen::VectorXf::Constant(layers.back().bias.size(), static_cast<float>(mean));
  return layers;
}

FitQuality quality(const Predictor& predictor, const Sample& held_out) {
  const auto predicted = predictor(held_out.xs);
  const std::vector<double> values(predicted.begin(), predicted.end());
  return {srcc(values, held_out.accuracy), rmse(values, held_out.accuracy)};
}

}  // namespace

AccuracyFit fit_accuracy(const SpacePtr& space, std::span<const Architecture> xs,
                         std::span<const double> accuracy_percent, const AccuracyFitOptions& options,
                         const ProgressCallback& progress) {
  assert(xs.size() == accuracy_percent.size());
  if (xs.size() < 20) {
    throw InputError("accuracies", "expected at least 20 architectures; got " + std::to_string(xs.size()));
  }
  std::vector<std::size_t> order(xs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng(options.seed).stream(0).shuffle(std::span(order));
  const auto share = [](std::size_t whole, double part) {
    return static_cast<std::size_t>(std::lround(part * static_cast<double>(whole)));
  };
  const auto pick = [&](std::size_t first, std::size_t count) {
    Sample sample;
    for (std::size_t i = first; i < first + count; ++i) {
      sample.xs.push_back(xs[order[i]]);
      sample.accuracy.push_back(accuracy_percent[order[i]]);
    }
    return sample;
  };
  AccuracyFit fit;
  fit.held_out_count = share(xs.size(), options.held_out_share);
  fit.fitted_count = xs.size() - fit.held_out_count;
  const std::size_t validation_count = share(fit.fitted_count, options.validation_share);
  const Sample held_out = pick(0, fit.held_out_count);
  const Sample fitted = pick(fit.held_out_count, fit.fitted_count);
  const Sample validation = pick(fit.held_out_count, validation_count);
  const Sample training = pick(fit.held_out_count + validation_count, fit.fitted_count - validation_count);

  const auto moments = [](const std::vector<double>& values) {
    const Eigen::Map<const Eigen::ArrayXd> all(values.data(), static_cast<Eigen::Index>(values.size()));
    return std::pair(all.mean(), std::sqrt((all - all.mean()).square().mean()));
  };
  const auto [mean, deviation] = moments(training.accuracy);
  if (!(deviation > 0)) throw InputError("accuracies", "are all the same; there is nothing to rank");
  fit.spread = moments(held_out.accuracy).second;

  const auto x = features(*space, training.xs);
  const auto y = standardised(training.accuracy, mean, deviation);
  const auto validation_x = features(*space, validation.xs);
  const auto validation_y = standardised(validation.accuracy, mean, deviation);
  Attempt best;
  int attempt = 0;
  const int total = static_cast<int>(std::size(kWeightDecays)) * options.max_epochs;
  for (const double weight_decay : kWeightDecays) {
    Attempt tried = train(x, y, validation_x, validation_y, weight_decay, options, [&](int epoch) {
      const int done = attempt * options.max_epochs + epoch;
      return !progress || progress({"fitting the accuracy predictor", static_cast<std::size_t>(done),
                                    static_cast<std::size_t>(total)});
    });
    ++attempt;
    if (tried.validation_error < best.validation_error) {
      best = std::move(tried);
      fit.weight_decay = weight_decay;
    }
  }
  fit.epochs = best.epochs;
  fit.layers = dense_layers(best.tensors, mean, deviation);
  fit.mlp = quality(MlpPredictor(space, fit.layers), held_out);
  fit.ridge = quality(fit_linear(space, fitted.xs, fitted.accuracy), held_out);
  return fit;
}

}  // namespace oneproxy
