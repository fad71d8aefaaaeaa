#include "oneproxy/predict/kernels.hpp"

#include <algorithm>
#include <cassert>

namespace oneproxy {
namespace {

std::string activation_name(Activation activation) {
  switch (activation) {
    case Activation::none:
      return "identity";
    case Activation::relu6:
      return "relu6";
    case Activation::relu:
      return "relu";
    case Activation::hard_swish:
      return "hard_swish";
    case Activation::hard_sigmoid:
      return "hard_sigmoid";
  }
  return "";
}

bool depthwise(const Layer& layer) {
  return layer.kind == LayerKind::convolution && layer.groups > 1 && layer.groups == layer.in.channels;
}

std::string shape_text(const Shape& shape) {
  return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" + std::to_string(shape.width);
}

/// The operator and whatever of it does not follow from the output before it.
std::string operator_text(const Network& operators, const Layer& layer, bool first) {
  std::string text = operator_kind(layer);
  if (first) text += ":" + shape_text(layer.in);
  if (layer.out != layer.in) text += ":" + shape_text(layer.out);
  if (layer.kernel != 1) text += ":k" + std::to_string(layer.kernel);
  if (layer.stride != 1) text += ":s" + std::to_string(layer.stride);
  if (layer.padding != 0) text += ":p" + std::to_string(layer.padding);
  if (layer.groups != 1 && !depthwise(layer)) text += ":g" + std::to_string(layer.groups);
  if (layer.kind == LayerKind::concatenation) {
    for (const int input : layer.inputs) {
      text += ":" + std::to_string(operators.layers[static_cast<std::size_t>(input)].out.channels);
    }
  }
  return text;
}

}  // namespace

std::string operator_kind(const Layer& layer) {
  if (layer.kind == LayerKind::activation) return activation_name(layer.activation);
  return depthwise(layer) ? "depthwise_convolution" : to_string(layer.kind);
}

Network split_activations(const Network& network) {
  Network result;
  std::vector<int> place(network.layers.size());
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    Layer layer = network.layers[i];
    for (int& input : layer.inputs) input = place[static_cast<std::size_t>(input)];
    const Activation activation = layer.kind == LayerKind::activation ? Activation::none : layer.activation;
    if (activation != Activation::none) layer.activation = Activation::none;
    const Shape out = layer.out;
    const std::string name = layer.name;
    result.layers.push_back(std::move(layer));
    place[i] = static_cast<int>(result.layers.size()) - 1;
    if (activation == Activation::none) continue;
    result.layers.push_back({.kind = LayerKind::activation,
                             .name = name + "." + activation_name(activation),
                             .inputs = {place[i]},
                             .in = out,
                             .out = out,
                             .activation = activation});
    ++place[i];
  }
  return result;
}

std::vector<Kernel> split_kernels(const Network& operators, const FusionRules& rules) {
  const auto& layers = operators.layers;
  std::vector<int> reader_count(layers.size(), 0);
  for (const Layer& layer : layers) {
    for (const int input : layer.inputs) ++reader_count[static_cast<std::size_t>(input)];
  }
  std::vector<Kernel> kernels;
  std::vector<std::size_t> kernel_of(layers.size(), 0);
  for (std::size_t i = 1; i < layers.size(); ++i) {
    assert(layers[i].kind == LayerKind::activation || layers[i].activation == Activation::none);
    int host = 0;  // the input, which no kernel has
    for (const int input : layers[i].inputs) {
      const auto before = static_cast<std::size_t>(input);
      if (input > host && reader_count[before] == 1 &&
          rules.fuses(operator_kind(layers[before]), operator_kind(layers[i]))) {
        host = input;
      }
    }
    if (host == 0) kernels.emplace_back();
    kernel_of[i] = host == 0 ? kernels.size() - 1 : kernel_of[static_cast<std::size_t>(host)];
    kernels[kernel_of[i]].layers.push_back(static_cast<int>(i));
  }
  return kernels;
}

const std::array<const char*, KernelConfig::feature_count>& KernelConfig::feature_names() {
  static constexpr std::array<const char*, feature_count> names{
      "input_channels", "input_height", "output_channels", "output_height", "kernel", "stride",
      "groups",         "flops",        "bytes",           "parameters",    "inputs", "input_elements"};
  return names;
}

KernelConfig kernel_config(const Network& operators, const Kernel& kernel) {
  KernelConfig config;
  const Layer& first = operators.layers[static_cast<std::size_t>(kernel.layers.front())];
  const Layer& last = operators.layers[static_cast<std::size_t>(kernel.layers.back())];
  double window = 1;
  double stride = 1;
  double groups = 1;
  double flops = 0;
  double parameters = 0;
  double inputs = 0;
  double read = 0;
  for (std::size_t i = 0; i < kernel.layers.size(); ++i) {
    const Layer& layer = operators.layers[static_cast<std::size_t>(kernel.layers[i])];
    config.kind += (i > 0 ? "+" : "") + operator_kind(layer);
    config.text += (i > 0 ? "+" : "") + operator_text(operators, layer, i == 0);
    window = std::max(window, static_cast<double>(layer.kernel));
    stride *= layer.stride;
    groups = std::max(groups, static_cast<double>(layer.groups));
    flops += static_cast<double>(layer.flops());
    parameters += static_cast<double>(layer.weight_count() + layer.bias_count());
    for (const int input : layer.inputs) {
      if (i > 0 && input == kernel.layers[i - 1]) continue;
      inputs += 1;
      read += static_cast<double>(operators.layers[static_cast<std::size_t>(input)].out.elements());
    }
  }
  const double bytes = 4 * (read + parameters + static_cast<double>(last.out.elements()));
  config.features = {static_cast<double>(first.in.channels),
                     static_cast<double>(first.in.height),
                     static_cast<double>(last.out.channels),
                     static_cast<double>(last.out.height),
                     window,
                     stride,
                     groups,
                     flops,
                     bytes,
                     parameters,
                     inputs,
                     static_cast<double>(first.in.elements())};
  return config;
}

std::vector<KernelConfig> kernels_of(const Network& network, const FusionRules& rules) {
  const Network operators = split_activations(network);
  std::vector<KernelConfig> configs;
  for (const Kernel& kernel : split_kernels(operators, rules)) configs.push_back(kernel_config(operators, kernel));
  return configs;
}

}  // namespace oneproxy
