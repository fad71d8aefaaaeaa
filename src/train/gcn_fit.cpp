#include "oneproxy/train/gcn_fit.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

/// Graphs padded to the nodes of the largest; nothing reads the nodes beyond a graph's own.
struct Batch {
  torch::Tensor features;  // graphs x nodes x features
  torch::Tensor means;     // graphs x nodes x nodes: what a node reads, rows sum to 1
};

Batch batch_of(std::span<const GcnGraph* const> graphs) {
  std::size_t nodes = 0;
  for (const GcnGraph* graph : graphs) nodes = std::max(nodes, graph->reads.size());
  const auto count = static_cast<std::int64_t>(graphs.size());
  const auto padded = static_cast<std::int64_t>(nodes);
  const auto width = static_cast<std::int64_t>(graphs.front()->features.cols());
  Batch batch{torch::zeros({count, padded, width}), torch::zeros({count, padded, padded})};
  float* features = batch.features.data_ptr<float>();
  float* means = batch.means.data_ptr<float>();
  for (std::size_t g = 0; g < graphs.size(); ++g) {
    const GcnGraph& graph = *graphs[g];
    std::copy_n(graph.features.data(), graph.features.size(), features + static_cast<std::int64_t>(g) * padded * width);
    for (std::size_t node = 0; node < graph.reads.size(); ++node) {
      float* row = means + (static_cast<std::int64_t>(g) * padded + static_cast<std::int64_t>(node)) * padded;
      for (const int read : graph.reads[node]) row[read] = 1.0F / static_cast<float>(graph.reads[node].size());
    }
  }
  return batch;
}

/// GcnWeights (in x out) and biases; the output is the last.
struct GcnWeights {
  std::vector<torch::Tensor> weight;
  std::vector<torch::Tensor> bias;

  torch::Tensor forward(const Batch& batch, double dropout, at::Generator& generator) const {
    torch::Tensor x = batch.features;
    const std::size_t convolutions = weight.size() - 1;
    for (std::size_t i = 0; i < convolutions; ++i) {
      // Nothing but the global node is read of the last convolution.
      const torch::Tensor means = i + 1 == convolutions ? batch.means.slice(1, 0, 1) : batch.means;
      x = torch::relu(torch::matmul(torch::bmm(means, x), weight[i]) + bias[i]);
      if (dropout > 0) x = x * torch::empty_like(x).bernoulli_(1 - dropout, generator) / (1 - dropout);
    }
    return (torch::matmul(x.select(1, 0), weight[convolutions]) + bias[convolutions]).squeeze(1);
  }
};

GcnWeights initial_weights(std::int64_t features, const GcnFitOptions& options, Rng rng) {
  GcnWeights weights;
  std::int64_t in = features;
  for (int i = 0; i <= options.convolutions; ++i) {
    const bool output = i == options.convolutions;
    auto matrix = torch::empty({in, output ? 1 : options.hidden});
    const double deviation = std::sqrt((output ? 1.0 : 2.0) / static_cast<double>(in));
    for (std::int64_t k = 0; k < matrix.numel(); ++k) {
      matrix.data_ptr<float>()[k] = static_cast<float>(deviation * rng.normal());
    }
    weights.bias.push_back(torch::zeros({matrix.size(1)}).requires_grad_());
    weights.weight.push_back(matrix.requires_grad_());
    in = options.hidden;
  }
  return weights;
}

DenseLayer dense(const torch::Tensor& weight, const torch::Tensor& bias) {
  return {Eigen::Map<const FeatureMatrix>(weight.data_ptr<float>(), weight.size(0), weight.size(1)),
          Eigen::Map<const Eigen::VectorXf>(bias.data_ptr<float>(), bias.size(0))};
}

void set_learning_rate(torch::optim::AdamW& optimizer, double rate) {
  for (auto& group : optimizer.param_groups()) static_cast<torch::optim::AdamWOptions&>(group.options()).lr(rate);
}

}  // namespace

GcnModel fit_gcn(const SearchSpace& space, std::span<const Architecture> xs, std::span<const double> latency_ms,
                 const GcnFitOptions& options, const ProgressCallback& progress) {
  assert(xs.size() == latency_ms.size());
  constexpr std::size_t fewest = 10;
  if (xs.size() < fewest) {
    throw InputError("fitting a GCN", "expected at least " + std::to_string(fewest) +
                                          " measured architectures, found " + std::to_string(xs.size()));
  }
  const auto count = static_cast<double>(xs.size());
  const double mean = std::accumulate(latency_ms.begin(), latency_ms.end(), 0.0) / count;
  double squares = 0;
  for (const double ms : latency_ms) squares += (ms - mean) * (ms - mean);
  const double deviation = std::sqrt(squares / count);
  if (!(deviation > 0)) throw InputError("fitting a GCN", "expected latencies that are not all alike");

  const GcnGraphKind kind = graph_kind_of(space);
  std::vector<GcnGraph> graphs;
  for (const auto& x : xs) graphs.push_back(gcn_graph(space, x, kind));
  const Rng root(options.seed);
  const GcnWeights weights =
      initial_weights(static_cast<std::int64_t>(gcn_feature_count(kind)), options, root.stream(0));
  auto generator = at::detail::createCPUGenerator(root.stream(1).next());
  torch::optim::AdamWOptions decayed(options.learning_rate);
  decayed.weight_decay(options.weight_decay);
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(weights.weight, std::make_unique<torch::optim::AdamWOptions>(decayed));
  groups.emplace_back(weights.bias, std::make_unique<torch::optim::AdamWOptions>(decayed.weight_decay(0)));
  torch::optim::AdamW optimizer(groups, decayed);

  std::vector<std::size_t> order(xs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto batch_size = static_cast<std::size_t>(options.batch);
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    report(progress, {"fitting the GCN", static_cast<std::size_t>(epoch), static_cast<std::size_t>(options.epochs)});
    set_learning_rate(optimizer, options.learning_rate * 0.5 *
                                     (1 + std::cos(std::numbers::pi * epoch / static_cast<double>(options.epochs))));
    root.stream(2).stream(static_cast<std::uint64_t>(epoch)).shuffle(std::span(order));
    for (std::size_t first = 0; first < order.size(); first += batch_size) {
      std::vector<const GcnGraph*> chosen;
      auto target = torch::empty({static_cast<std::int64_t>(std::min(batch_size, order.size() - first))});
      for (std::size_t i = first; i < std::min(first + batch_size, order.size()); ++i) {
        target.data_ptr<float>()[chosen.size()] = static_cast<float>((latency_ms[order[i]] - mean) / deviation);
        chosen.push_back(&graphs[order[i]]);
      }
      optimizer.zero_grad();
      torch::mse_loss(weights.forward(batch_of(chosen), options.dropout, generator), target).backward();
      optimizer.step();
    }
  }
  GcnModel model{.device = options.device, .sample_count = xs.size(), .kind = kind, .convolutions = {}, .output = {}};
  for (std::size_t i = 0; i + 1 < weights.weight.size(); ++i) {
    model.convolutions.push_back(dense(weights.weight[i], weights.bias[i]));
  }
  model.output = dense(weights.weight.back(), weights.bias.back());
  model.output.weight *= static_cast<float>(deviation);
  model.output.bias = model.output.bias * static_cast<float>(deviation) +
                      Eigen::VectorXf::Constant(model.output.bias.size(), static_cast<float>(mean));
  return model;
}

std::vector<float> gcn_by_torch(const GcnModel& model, const SearchSpace& space, std::span<const Architecture> xs) {
  const torch::NoGradGuard no_gradients;
  GcnWeights weights;
  const auto add = [&](const DenseLayer& layer) {
    auto weight = torch::empty({layer.weight.rows(), layer.weight.cols()});
    auto bias = torch::empty({layer.bias.size()});
    std::copy_n(layer.weight.data(), layer.weight.size(), weight.data_ptr<float>());
    std::copy_n(layer.bias.data(), layer.bias.size(), bias.data_ptr<float>());
    weights.weight.push_back(weight);
    weights.bias.push_back(bias);
  };
  for (const auto& layer : model.convolutions) add(layer);
  add(model.output);
  std::vector<GcnGraph> graphs;
  std::vector<const GcnGraph*> all;
  for (const auto& x : xs) graphs.push_back(gcn_graph(space, x, model.kind));
  for (const auto& graph : graphs) all.push_back(&graph);
  auto generator = at::detail::createCPUGenerator(0);
  const torch::Tensor out = weights.forward(batch_of(all), 0, generator).contiguous();
  return {out.data_ptr<float>(), out.data_ptr<float>() + out.numel()};
}

}  // namespace oneproxy
