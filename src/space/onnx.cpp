#include "oneproxy/space/onnx.hpp"

#include <algorithm>
#include <cassert>
#include <span>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/space/onnx_graph.hpp"

namespace oneproxy {
namespace {

void add_ints(onnx::NodeProto& node, const std::string& name, std::initializer_list<std::int64_t> values) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const auto value : values) attribute.add_ints(value);
}

void add_int(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void add_float(onnx::NodeProto& node, const std::string& name, float value) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
}

void add_indices(onnx::GraphProto& graph, const std::string& name, std::initializer_list<std::int64_t> values) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<std::int64_t>(values.size()));
  for (const auto value : values) tensor.add_int64_data(value);
}

void add_activation(onnx::GraphProto& graph, Activation activation, const std::string& layer, const std::string& from,
                    const std::string& to) {
  switch (activation) {
    case Activation::none:
      break;
    case Activation::relu6:
      add_node(graph, "Clip", layer + ".relu6", {from, "relu6.low", "relu6.high"}, to);
      break;
    case Activation::relu:
      add_node(graph, "Relu", layer + ".relu", {from}, to);
      break;
    case Activation::hard_swish:  // opset 13 has no operator of its own for it
    case Activation::hard_sigmoid: {
      const bool swish = activation == Activation::hard_swish;
      auto& node = add_node(graph, "HardSigmoid", layer + ".hard_sigmoid", {from}, swish ? layer + ".gate" : to);
      add_float(node, "alpha", 1.0F / 6.0F);
      add_float(node, "beta", 0.5F);
      if (swish) add_node(graph, "Mul", layer + ".hard_swish", {from, layer + ".gate"}, to);
      break;
    }
  }
}

/// Whether some layer other than a fully connected one reads layer `index`.
bool read_as_image(const Network& network, int index) {
  return std::ranges::any_of(network.layers, [&](const Layer& layer) {
    return layer.kind != LayerKind::fully_connected && std::ranges::find(layer.inputs, index) != layer.inputs.end();
  });
}

}  // namespace

std::string onnx_bytes(const Network& network, const Weights& weights, const Metadata& metadata) {
  assert(weights.values.size() == network.layers.size());
  std::size_t weight_bytes = 0;
  for (const auto& values : weights.values) weight_bytes += values.size() * sizeof(float);
  if (weight_bytes > 2'000'000'000) {  // a message of protobuf ends at 2 GiB
    throw InputError("ONNX", "the network has " + std::to_string(weight_bytes / 1'000'000) +
                                 " MB of weights; a file holds at most 2,000 MB");
  }
  onnx::ModelProto model = onnx_model("oneproxy", metadata);
  auto& graph = *model.mutable_graph();
  if (std::ranges::find(network.layers, Activation::relu6, &Layer::activation) != network.layers.end()) {
    add_initializer(graph, "relu6.low", {}, std::vector<float>{0.0F});
    add_initializer(graph, "relu6.high", {}, std::vector<float>{6.0F});
  }

  std::vector<std::string> value_of(network.layers.size());
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const bool last = i + 1 == network.layers.size();
    const std::string output = last ? "logits" : layer.name;
    std::vector<std::string> inputs;
    for (const int input : layer.inputs) inputs.push_back(value_of[static_cast<std::size_t>(input)]);
    const std::span<const float> all(weights.values[i]);
    const auto weight_values = all.first(static_cast<std::size_t>(layer.weight_count()));
    const auto bias_values = all.subspan(weight_values.size());
    if (!all.empty()) {
      inputs.push_back(layer.name + ".weight");
      inputs.push_back(layer.name + ".bias");
    }
    value_of[i] = output;
    // What the layer computes before its activation.
    const bool active = layer.activation != Activation::none && layer.kind != LayerKind::activation;
    const std::string sum = active ? layer.name + ".sum" : output;
    switch (layer.kind) {
      case LayerKind::input:
        value_of[i] = "input";
        set_shape(*graph.add_input(), "input", {1, layer.out.channels, layer.out.height, layer.out.width});
        break;
      case LayerKind::convolution: {
        add_initializer(graph, inputs[1],
                        {layer.out.channels, layer.in.channels / layer.groups, layer.kernel, layer.kernel},
                        weight_values);
        add_initializer(graph, inputs[2], {layer.out.channels}, bias_values);
        auto& node = add_node(graph, "Conv", layer.name, inputs, sum);
        add_ints(node, "kernel_shape", {layer.kernel, layer.kernel});
        add_ints(node, "strides", {layer.stride, layer.stride});
        add_ints(node, "pads", {layer.padding, layer.padding, layer.padding, layer.padding});
        add_int(node, "group", layer.groups);
        break;
      }
      case LayerKind::add:
        add_node(graph, "Add", layer.name, inputs, sum);
        break;
      case LayerKind::global_average_pool: {
        if (read_as_image(network, static_cast<int>(i))) {
          add_node(graph, "GlobalAveragePool", layer.name, inputs, output);
          break;
        }
        add_node(graph, "GlobalAveragePool", layer.name, inputs, layer.name + ".pooled");
        add_node(graph, "Flatten", layer.name + ".flatten", {layer.name + ".pooled"}, output);
        break;
      }
      case LayerKind::fully_connected:
        add_initializer(graph, inputs[1], {layer.out.channels, layer.in.channels}, weight_values);
        add_initializer(graph, inputs[2], {layer.out.channels}, bias_values);
        if (const int from = layer.inputs.front();
            network.layers[static_cast<std::size_t>(from)].kind != LayerKind::fully_connected &&
            (network.layers[static_cast<std::size_t>(from)].kind != LayerKind::global_average_pool ||
             read_as_image(network, from))) {
          add_node(graph, "Flatten", layer.name + ".flatten", {inputs[0]}, layer.name + ".flat");
          inputs[0] = layer.name + ".flat";
        }
        add_int(add_node(graph, "Gemm", layer.name, inputs, sum), "transB", 1);
        break;
      case LayerKind::average_pool:
      case LayerKind::max_pool: {
        const char* const type = layer.kind == LayerKind::max_pool ? "MaxPool" : "AveragePool";
        auto& node = add_node(graph, type, layer.name, inputs, output);
        add_ints(node, "kernel_shape", {layer.kernel, layer.kernel});
        add_ints(node, "strides", {layer.stride, layer.stride});
        add_ints(node, "pads", {layer.padding, layer.padding, layer.padding, layer.padding});
        break;
      }
      case LayerKind::activation:
        add_activation(graph, layer.activation, layer.name, inputs[0], output);
        break;
      case LayerKind::scale:
        add_initializer(graph, inputs[1], {layer.out.channels, 1, 1}, weight_values);
        add_initializer(graph, inputs[2], {layer.out.channels, 1, 1}, bias_values);
        add_node(graph, "Mul", layer.name + ".factor", {inputs[0], inputs[1]}, layer.name + ".scaled");
        add_node(graph, "Add", layer.name, {layer.name + ".scaled", inputs[2]}, sum);
        break;
      case LayerKind::multiply:
        add_node(graph, "Mul", layer.name, inputs, sum);
        break;
      case LayerKind::channel_shuffle: {
        const Shape& s = layer.out;
        add_indices(graph, layer.name + ".groups", {1, layer.groups, s.channels / layer.groups, s.height, s.width});
        add_indices(graph, layer.name + ".shape", {1, s.channels, s.height, s.width});
        add_node(graph, "Reshape", layer.name + ".part", {inputs[0], layer.name + ".groups"}, layer.name + ".parted");
        auto& swap =
            add_node(graph, "Transpose", layer.name + ".swap", {layer.name + ".parted"}, layer.name + ".swapped");
        add_ints(swap, "perm", {0, 2, 1, 3, 4});
        add_node(graph, "Reshape", layer.name, {layer.name + ".swapped", layer.name + ".shape"}, output);
        break;
      }
      case LayerKind::zero:
        add_initializer(graph, layer.name + ".zero", {}, std::vector<float>{0.0F});
        add_node(graph, "Mul", layer.name, {inputs[0], layer.name + ".zero"}, output);
        break;
      case LayerKind::concatenation:
        add_int(add_node(graph, "Concat", layer.name, inputs, output), "axis", 1);
        break;
      case LayerKind::channel_slice:
        add_indices(graph, layer.name + ".first", {layer.first_channel});
        add_indices(graph, layer.name + ".last", {layer.first_channel + layer.out.channels});
        add_indices(graph, layer.name + ".axis", {1});
        add_node(graph, "Slice", layer.name,
                 {inputs[0], layer.name + ".first", layer.name + ".last", layer.name + ".axis"}, output);
        break;
    }
    if (active) add_activation(graph, layer.activation, layer.name, sum, output);
  }
  const Layer& last = network.layers.back();
  if (last.kind == LayerKind::fully_connected || last.kind == LayerKind::global_average_pool) {
    set_shape(*graph.add_output(), "logits", {1, last.out.channels});
  } else {
    set_shape(*graph.add_output(), "logits", {1, last.out.channels, last.out.height, last.out.width});
  }
  return model.SerializeAsString();
}

void write_onnx(const std::filesystem::path& file, const Network& network, const Weights& weights,
                const Metadata& metadata) {
  write_file(file, onnx_bytes(network, weights, metadata));
}

}  // namespace oneproxy
