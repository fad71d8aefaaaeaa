#include "oneproxy/space/network.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <span>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

/// Uniform over [-limit, limit), two values from each draw: millions are needed for every network that is timed.
void fill_uniform(std::span<float> values, double limit, Rng& rng) {
  const auto scale = static_cast<float>(limit * 0x1.0p-31);
  const auto value = [&](std::uint64_t bits) { return scale * static_cast<float>(static_cast<std::int32_t>(bits)); };
  std::size_t i = 0;
  for (; i + 1 < values.size(); i += 2) {
    const std::uint64_t draw = rng.next();
    values[i] = value(draw);
    values[i + 1] = value(draw >> 32);
  }
  if (i < values.size()) values[i] = value(rng.next());
}

}  // namespace

std::int64_t Layer::weight_count() const {
  switch (kind) {
    case LayerKind::convolution:
      return std::int64_t{out.channels} * (in.channels / groups) * kernel * kernel;
    case LayerKind::fully_connected:
      return std::int64_t{out.channels} * in.channels;
    case LayerKind::scale:
      return out.channels;
    default:
      return 0;
  }
}

std::int64_t Layer::bias_count() const {
  const bool biased = kind == LayerKind::convolution || kind == LayerKind::fully_connected || kind == LayerKind::scale;
  return biased ? out.channels : 0;
}

std::int64_t Layer::flops() const {
  switch (kind) {
    case LayerKind::input:
      return 0;
    case LayerKind::convolution:
    case LayerKind::fully_connected:
      return 2 * weight_count() * out.height * out.width;
    case LayerKind::add:
    case LayerKind::activation:
    case LayerKind::multiply:
      return out.elements();
    case LayerKind::global_average_pool:
      return in.elements();
    case LayerKind::average_pool:
    case LayerKind::max_pool:
      return std::int64_t{kernel} * kernel * out.elements();
    case LayerKind::scale:
      return 2 * out.elements();
    case LayerKind::channel_shuffle:
    case LayerKind::zero:
    case LayerKind::concatenation:
    case LayerKind::channel_slice:
      return 0;
  }
  return 0;
}

std::string to_string(LayerKind kind) {
  switch (kind) {
    case LayerKind::input:
      return "input";
    case LayerKind::convolution:
      return "convolution";
    case LayerKind::add:
      return "add";
    case LayerKind::global_average_pool:
      return "global_average_pool";
    case LayerKind::fully_connected:
      return "fully_connected";
    case LayerKind::average_pool:
      return "average_pool";
    case LayerKind::activation:
      return "activation";
    case LayerKind::scale:
      return "scale";
    case LayerKind::multiply:
      return "multiply";
    case LayerKind::channel_shuffle:
      return "channel_shuffle";
    case LayerKind::zero:
      return "zero";
    case LayerKind::max_pool:
      return "max_pool";
    case LayerKind::concatenation:
      return "concatenation";
    case LayerKind::channel_slice:
      return "channel_slice";
  }
  return "";
}

void refuse_layers(const Network& network, std::initializer_list<LayerKind> unsupported, std::string_view engine) {
  for (const Layer& layer : network.layers) {
    if (std::ranges::find(unsupported, layer.kind) != unsupported.end()) {
      throw InputError("layer kind " + to_string(layer.kind) + " is not supported by " + std::string(engine));
    }
  }
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
    total.layers += layer.kind == LayerKind::zero ? 0 : 1;
    const bool depthwise =
        layer.kind == LayerKind::convolution && layer.groups > 1 && layer.groups == layer.in.channels;
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
    if (layer.kind == LayerKind::scale) {
      std::fill_n(values.begin(), weight_count, 1.0F);
      continue;
    }
    const double fan_in = static_cast<double>(weight_count) / static_cast<double>(bias_count);
    const double gain = layer.activation == Activation::none ? 1.0 : 2.0;
    fill_uniform(std::span(values).first(weight_count), std::sqrt(3 * gain / fan_in), rng);
    fill_uniform(std::span(values).subspan(weight_count), 0.1, rng);
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

int NetworkBuilder::valid_convolution(int from, int channels, int kernel, int stride, Activation activation,
                                      std::string name) {
  assert(kernel <= shape(from).height && kernel <= shape(from).width);
  const int layer = push_windows(LayerKind::convolution, from, kernel, stride, 0, std::move(name));
  network_.layers.back().out.channels = channels;
  network_.layers.back().activation = activation;
  return layer;
}

int NetworkBuilder::add(int a, int b, std::string name, Activation activation) {
  assert(shape(a) == shape(b));
  const int layer = push_same_shape(LayerKind::add, a, std::move(name), activation);
  network_.layers.back().inputs.push_back(b);
  return layer;
}

int NetworkBuilder::global_average_pool(int from, std::string name) {
  const Shape in = shape(from);
  return push({.kind = LayerKind::global_average_pool,
               .name = std::move(name),
               .inputs = {from},
               .in = in,
               .out = {in.channels, 1, 1}});
}

int NetworkBuilder::fully_connected(int from, int classes, std::string name, Activation activation) {
  const Shape in = shape(from);
  assert(in.height == 1 && in.width == 1);
  return push({.kind = LayerKind::fully_connected,
               .name = std::move(name),
               .inputs = {from},
               .in = in,
               .out = {classes, 1, 1},
               .activation = activation});
}

int NetworkBuilder::push_windows(LayerKind kind, int from, int kernel, int stride, int padding, std::string name) {
  assert(padding < kernel);
  const Shape in = shape(from);
  const auto shrink = [&](int size) { return (size + 2 * padding - kernel) / stride + 1; };
  return push({.kind = kind,
               .name = std::move(name),
               .inputs = {from},
               .in = in,
               .out = {in.channels, shrink(in.height), shrink(in.width)},
               .kernel = kernel,
               .stride = stride,
               .padding = padding});
}

int NetworkBuilder::average_pool(int from, int kernel, int stride, int padding, std::string name) {
  return push_windows(LayerKind::average_pool, from, kernel, stride, padding, std::move(name));
}

int NetworkBuilder::max_pool(int from, int kernel, int stride, int padding, std::string name) {
  return push_windows(LayerKind::max_pool, from, kernel, stride, padding, std::move(name));
}

int NetworkBuilder::push_same_shape(LayerKind kind, int from, std::string name, Activation activation) {
  return push({.kind = kind,
               .name = std::move(name),
               .inputs = {from},
               .in = {},
               .out = shape(from),
               .activation = activation});
}

int NetworkBuilder::activation(int from, Activation activation, std::string name) {
  return push_same_shape(LayerKind::activation, from, std::move(name), activation);
}

int NetworkBuilder::scale(int from, std::string name, Activation activation) {
  return push_same_shape(LayerKind::scale, from, std::move(name), activation);
}

int NetworkBuilder::multiply(int from, int factors, std::string name, Activation activation) {
  assert((shape(factors) == Shape{shape(from).channels, 1, 1}));
  const int layer = push_same_shape(LayerKind::multiply, from, std::move(name), activation);
  network_.layers.back().inputs.push_back(factors);
  return layer;
}

int NetworkBuilder::channel_shuffle(int from, int groups, std::string name) {
  assert(shape(from).channels % groups == 0);
  const int layer = push_same_shape(LayerKind::channel_shuffle, from, std::move(name));
  network_.layers.back().groups = groups;
  return layer;
}

int NetworkBuilder::zero(int from, std::string name) { return push_same_shape(LayerKind::zero, from, std::move(name)); }

int NetworkBuilder::concatenation(std::vector<int> from, std::string name) {
  assert(!from.empty());
  Shape out = shape(from.front());
  for (std::size_t i = 1; i < from.size(); ++i) {
    assert(shape(from[i]).height == out.height && shape(from[i]).width == out.width);
    out.channels += shape(from[i]).channels;
  }
  return push(
      {.kind = LayerKind::concatenation, .name = std::move(name), .inputs = std::move(from), .in = {}, .out = out});
}

int NetworkBuilder::channel_slice(int from, int first_channel, int channels, std::string name) {
  assert(first_channel >= 0 && channels > 0 && first_channel + channels <= shape(from).channels);
  const int layer = push_same_shape(LayerKind::channel_slice, from, std::move(name));
  network_.layers.back().out.channels = channels;
  network_.layers.back().first_channel = first_channel;
  return layer;
}

}  // namespace oneproxy
