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
#include "ridge_teacher.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t kLayers = 4;
constexpr std::size_t kTaughtCount = 6000;
constexpr int kTeacherEpochs = 12;
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

  Mlp clone() const {
    Mlp result = *this;
    for (auto* tensors : {&result.weight, &result.bias}) {
      for (auto& tensor : *tensors) tensor = tensor.detach().clone().requires_grad_();
    }
    return result;
  }
};

/// What a fit learns from, and what it stops by.
struct Problem {
  torch::Tensor x;
  torch::Tensor y;
  torch::Tensor validation_x;
  torch::Tensor validation_y;
};

struct Descent {
  double learning_rate = 1e-3;
  double weight_decay = 0;
  double dropout = 0;
  int batch = 32;
  int max_epochs = 1;
  int patience = 1;
};

struct Attempt {
  Mlp mlp;
  double validation_error = std::numeric_limits<double>::infinity();
  int epochs = 0;  ///< 0: the start was best
};

/// The epoch with the lowest validation error, the start included.
Attempt descend(const Mlp& start, const Problem& problem, const Descent& how, const Rng& root,
                const std::function<bool(int)>& on_epoch) {
  auto generator = at::detail::createCPUGenerator(root.stream(1).next());
  const auto error_of = [&](const Mlp& mlp) {
    const torch::NoGradGuard no_gradients;
    return torch::mse_loss(mlp.forward(problem.validation_x, 0, generator), problem.validation_y).item<double>();
  };
  Mlp mlp = start.clone();
  Attempt best{start.clone(), error_of(start), 0};
  torch::optim::AdamWOptions decayed(how.learning_rate);
  decayed.weight_decay(how.weight_decay);
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(mlp.weight, std::make_unique<torch::optim::AdamWOptions>(decayed));
  groups.emplace_back(mlp.bias, std::make_unique<torch::optim::AdamWOptions>(decayed.weight_decay(0)));
  torch::optim::AdamW optimizer(groups, decayed);

  std::vector<std::int64_t> order(static_cast<std::size_t>(problem.x.size(0)));
  std::iota(order.begin(), order.end(), 0);
  for (int epoch = 1; epoch <= how.max_epochs && epoch - best.epochs <= how.patience; ++epoch) {
    root.stream(2).stream(static_cast<std::uint64_t>(epoch)).shuffle(std::span(order));
    for (std::size_t first = 0; first < order.size(); first += static_cast<std::size_t>(how.batch)) {
      const std::size_t count = std::min(order.size() - first, static_cast<std::size_t>(how.batch));
      const auto rows = torch::tensor(c10::ArrayRef<std::int64_t>(order.data() + first, count));
      optimizer.zero_grad();
      const auto prediction = mlp.forward(problem.x.index_select(0, rows), how.dropout, generator);
      torch::mse_loss(prediction, problem.y.index_select(0, rows)).backward();
      optimizer.step();
    }
    const double error = error_of(mlp);
    if (error < best.validation_error) best = {mlp.clone(), error, epoch};
    if (!on_epoch(epoch)) throw Stopped("fitting the accuracy predictor stopped");
  }
  return best;
}

/// The layers that predict percent: the last one scaled back from standardised accuracies.
std::vector<DenseLayer> dense_layers(const Mlp& mlp, double mean, double deviation) {
  std::vector<DenseLayer> layers;
  for (std::size_t i = 0; i < kLayers; ++i) {
    const auto& weight = mlp.weight[i];
    const auto& bias = mlp.bias[i];
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

  Problem problem{.x = features(*space, training.xs),
                  .y = standardised(training.accuracy, mean, deviation),
                  .validation_x = features(*space, validation.xs),
                  .validation_y = standardised(validation.accuracy, mean, deviation)};
  const Rng root(options.seed);
  const auto total = static_cast<std::size_t>(kTeacherEpochs) +
                     std::size(kWeightDecays) * static_cast<std::size_t>(options.max_epochs);
  const auto going_on = [&](std::size_t done) {
    return !progress || progress({"fitting the accuracy predictor", done, total});
  };

  // First what ridge regression knows, which ranks better than an MLP fitted to so few networks from nothing.
  const RidgeTeacher teacher(*space, training.xs, training.accuracy);
  Rng taught_rng = root.stream(3);
  std::vector<Architecture> taught(kTaughtCount);
  for (auto& taught_x : taught) taught_x = space->sample(taught_rng);
  Problem lesson = problem;
  lesson.x = features(*space, taught);
  lesson.y = standardised(teacher.predict(taught), mean, deviation);
  const Attempt pupil = descend(Mlp(problem.x.size(1), options.hidden, root.stream(1)), lesson,
                                {.batch = 64, .max_epochs = kTeacherEpochs, .patience = kTeacherEpochs}, root.stream(4),
                                [&](int epoch) { return going_on(static_cast<std::size_t>(epoch)); });
  Attempt best = pupil;
  best.epochs = 0;
  for (std::size_t i = 0; i < std::size(kWeightDecays); ++i) {
    Attempt tried = descend(pupil.mlp, problem,
                            {.learning_rate = options.learning_rate,
                             .weight_decay = kWeightDecays[i],
                             .dropout = options.dropout,
                             .batch = options.batch,
                             .max_epochs = options.max_epochs,
                             .patience = options.patience},
                            root.stream(5 + i), [&](int epoch) {
                              return going_on(kTeacherEpochs + i * static_cast<std::size_t>(options.max_epochs) +
                                              static_cast<std::size_t>(epoch));
                            });
    if (tried.validation_error < best.validation_error) {
      best = std::move(tried);
      fit.weight_decay = kWeightDecays[i];
    }
  }
  fit.epochs = best.epochs;
  fit.layers = dense_layers(best.mlp, mean, deviation);
  fit.mlp = quality(MlpPredictor(space, fit.layers), held_out);
  fit.ridge = quality(fit_linear(space, fitted.xs, fitted.accuracy), held_out);
  return fit;
}

}  // namespace oneproxy
