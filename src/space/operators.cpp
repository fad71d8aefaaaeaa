#include "oneproxy/space/operators.hpp"

#include <algorithm>
#include <cassert>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

std::string_view block_of(const Layer& layer) { return std::string_view(layer.name).substr(0, layer.name.find('.')); }

std::string shape_text(const Shape& shape) {
  return std::to_string(shape.height) + 'x' + std::to_string(shape.width) + 'x' + std::to_string(shape.channels);
}

const char* activation_text(Activation activation) {
  switch (activation) {
    case Activation::none:
      return "";
    case Activation::relu6:
      return "-relu6";
    case Activation::relu:
      return "-relu";
    case Activation::hard_swish:
      return "-hard_swish";
    case Activation::hard_sigmoid:
      return "-hard_sigmoid";
  }
  return "";
}

bool has_window(LayerKind kind) {
  return kind == LayerKind::convolution || kind == LayerKind::average_pool || kind == LayerKind::max_pool;
}

/// Input of a layer as its place in the operator; 0: what the operator takes in.
std::size_t place(int input, const OperatorSpan& span) {
  const auto layer = static_cast<std::size_t>(input);
  return layer < span.begin ? 0 : layer - span.begin + 1;
}

void add_layer(std::string& key, const Layer& layer, const OperatorSpan& span, std::size_t index) {
  key += '/' + to_string(layer.kind);
  if (layer.out.channels != layer.in.channels || layer.weight_count() > 0)
    key += '-' + std::to_string(layer.out.channels);
  if (layer.kernel != 1) key += "-k" + std::to_string(layer.kernel);
  if (layer.stride != 1) key += "-s" + std::to_string(layer.stride);
  const int usual_padding = layer.kind == LayerKind::convolution ? layer.kernel / 2 : 0;
  if (has_window(layer.kind) && layer.padding != usual_padding) key += "-p" + std::to_string(layer.padding);
  if (layer.groups != 1) key += "-g" + std::to_string(layer.groups);
  if (layer.first_channel != 0) key += "-c" + std::to_string(layer.first_channel);
  key += activation_text(layer.activation);
  if (layer.inputs.size() == 1 && place(layer.inputs[0], span) == index) return;
  for (const int input : layer.inputs) key += '@' + std::to_string(place(input, span));
}

}  // namespace

std::string to_string(OperatorGrain grain) { return grain == OperatorGrain::block ? "block" : "layer"; }

std::vector<OperatorSpan> operator_spans(const Network& network, OperatorGrain grain) {
  std::vector<OperatorSpan> spans;
  const auto& layers = network.layers;
  for (std::size_t i = 1; i < layers.size(); ++i) {
    if (grain == OperatorGrain::layer) {
      if (layers[i].kind != LayerKind::zero) spans.push_back({i, i + 1});
      continue;
    }
    const bool joins_block = !spans.empty() && block_of(layers[i]) == block_of(layers[i - 1]);
    const bool joins_pool = !spans.empty() && layers[i].kind == LayerKind::fully_connected &&
                            layers[i - 1].kind == LayerKind::global_average_pool && spans.back().begin == i - 1 &&
                            layers[i].inputs[0] == static_cast<int>(i) - 1;
    if (joins_block || joins_pool)
      spans.back().end = i + 1;
    else
      spans.push_back({i, i + 1});
  }
  return spans;
}

std::string_view operator_block(const Network& network, const OperatorSpan& span) {
  return block_of(network.layers[span.begin]);
}

std::string operator_key(const Network& network, const OperatorSpan& span) {
  std::string key = shape_text(network.layers[span.begin].in);
  for (std::size_t i = span.begin; i < span.end; ++i) add_layer(key, network.layers[i], span, i - span.begin);
  return key;
}

Network operator_network(const Network& network, const OperatorSpan& span) {
  const auto& layers = network.layers;
  assert(0 < span.begin && span.begin < span.end && span.end <= layers.size());
  const auto fail = [&](const std::string& what) -> InputError {
    return {"operator " + layers[span.begin].name, what + ", so it cannot be run on its own"};
  };
  Network result;
  const Shape in = layers[span.begin].in;
  result.layers.push_back({.kind = LayerKind::input, .name = "input", .inputs = {}, .in = in, .out = in});
  for (std::size_t i = span.begin; i < span.end; ++i) {
    Layer layer = layers[i];
    for (int& input : layer.inputs) {
      if (static_cast<std::size_t>(input) < span.begin && layers[static_cast<std::size_t>(input)].out != in) {
        throw fail("takes in tensors of different shapes");
      }
      input = static_cast<int>(place(input, span));
    }
    result.layers.push_back(std::move(layer));
  }
  for (std::size_t i = span.end; i < layers.size(); ++i) {
    for (const int input : layers[i].inputs) {
      const auto from = static_cast<std::size_t>(input);
      if (from >= span.begin && from + 1 < span.end) throw fail("others read from its middle");
    }
  }
  return result;
}

Network chain(const Network& first, const Network& second) {
  assert(first.layers.back().out == second.layers.front().out);
  Network result = first;
  for (auto& layer : result.layers) layer.name = "before." + layer.name;
  result.layers.front().name = first.layers.front().name;
  const int shift = static_cast<int>(first.layers.size()) - 1;
  for (std::size_t i = 1; i < second.layers.size(); ++i) {
    result.layers.push_back(second.layers[i]);
    for (int& input : result.layers.back().inputs) input += shift;
  }
  return result;
}

}  // namespace oneproxy
