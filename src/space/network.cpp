#include "oneproxy/space/network.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "oneproxy/base/rng.hpp"

namespace oneproxy {

std::int64_t Layer::weight_count() const {
  switch (kind) {
    case LayerKind::convolution:
      return std::int64_t{out.channels} * (in.channels / groups) * kernel * kernel;
    case LayerKind::fully_connected:
      return std::int64_t{out.channels} * in.channels;
    default:
      return 0;
  }
}

std::int64_t Layer::bias_count() const {
  return kind == LayerKind::convolution || kind == LayerKind::fully_connected ? out.channels : 0;
}

std::int64_t Layer::flops() const {
  switch (kind) {
    case LayerKind::input:
      return 0;
    case LayerKind::convolution:
    case LayerKind::fully_connected:
      return 2 * weight_count() * out.height * out.width;
    case LayerKind::add:
      return out.elements();
    case LayerKind::global_average_pool:
      return in.elements();
  }
  return 0;
}

NetworkCosts costs(const Network& network) {
  NetworkCosts total;
  std::vector<int> depth(network.layers.size(), 0);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (layer.kind == LayerKind::input) continue;
    const auto flops = static_cast<double>(layer.flops());
    const auto parameters = static_cast<double>(layer.weight_count() + layer.bias_count());
    double moved = static_cast<double>(layer.out.elements()) + parameters;
    for (const int input : layer.inputs) {
      const auto from = static_cast<std::size_t>(input);
      moved += static_cast<double>(network.layers[from].out.elements());
      depth[i] = std::max(depth[i], depth[from] + 1);
    }
    total.flops += flops;
    total.parameters += parameters;
    total.bytes += 4 * moved;
    total.layers += 1;
    const bool depthwise = layer.kind == LayerKind::convolution && layer.groups > 1;
    (layer.kind == LayerKind::fully_connected ? total.fully_connected_flops
     : depthwise                              ? total.depthwise_flops
     : layer.kind == LayerKind::convolution   ? total.dense_flops
                                              : total.other_flops) += flops;
  }
  if (!depth.empty()) total.critical_path = depth.back();
  return total;
}

Weights random_weights(const Network& network, std::uint64_t seed) {
  const Rng root(seed);
  Weights weights;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    Rng rng = root.stream(i);
    const auto weight_count = static_cast<std::size_t>(layer.weight_count());
    const auto bias_count = static_cast<std::size_t>(layer.bias_count());
    auto& values = weights.values.emplace_back(weight_count + bias_count);
    if (values.empty()) continue;
    const double fan_in = static_cast<double>(weight_count) / static_cast<double>(bias_count);
    const double gain = layer.activation == Activation::none ? 1.0 : 2.0;
    const double deviation = std::sqrt(gain / fan_in);
    for (std::size_t k = 0; k < weight_count; ++k) values[k] = static_cast<float>(deviation * rng.normal());
    for (std::size_t k = weight_count; k < values.size(); ++k) values[k] = static_cast<float>(0.1 * rng.normal());
  }
  return weights;
}

NetworkBuilder::NetworkBuilder(Shape input) {
  Layer layer;
  layer.name = "input";
  layer.in = layer.out = input;
  network_.layers.push_back(std::move(layer));
}

int NetworkBuilder::push(Layer layer) {
  layer.in = shape(layer.inputs.front());
  network_.layers.push_back(std::move(layer));
  return static_cast<int>(network_.layers.size()) - 1;
}

int NetworkBuilder::convolution(int from, int channels, int kernel, int stride, int groups, Activation activation,
                                std::string name) {
  const Shape in = shape(from);
  assert(in.channels % groups == 0 && channels % groups == 0);
  const auto shrink = [&](int size) { return (size + 2 * (kernel / 2) - kernel) / stride + 1; };
  return push({.kind = LayerKind::convolution,
               .name = std::move(name),
               .inputs = {from},
               .in = in,
               .out = {channels, shrink(in.height), shrink(in.width)},
               .kernel = kernel,
               .stride = stride,
               .padding = kernel / 2,
               .groups = groups,
               .activation = activation});
}

int NetworkBuilder::add(int a, int b, std::string name) {
  assert(shape(a) == shape(b));
  return push({.kind = LayerKind::add, .name = std::move(name), .inputs = {a, b}, .in = {}, .out = shape(a)});
}

int NetworkBuilder::global_average_pool(int from, std::string name) {
  const Shape in = shape(from);
  return push({.kind = LayerKind::global_average_pool,
               .name = std::move(name),
               .inputs = {from},
               .in = in,
               .out = {in.channels, 1, 1}});
}

int NetworkBuilder::fully_connected(int from, int classes, std::string name) {
  const Shape in = shape(from);
  assert(in.height == 1 && in.width == 1);
  return push({.kind = LayerKind::fully_connected,
               .name = std::move(name),
               .inputs = {from},
               .in = in,
               .out = {classes, 1, 1}});
}

}  // namespace oneproxy
