#include "oneproxy/space/onnx.hpp"

#include <onnx/onnx_pb.h>

#include <cassert>
#include <span>

#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

void set_shape(onnx::ValueInfoProto& value, const std::string& name, std::initializer_list<std::int64_t> shape) {
  value.set_name(name);
  auto* tensor = value.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(onnx::TensorProto::FLOAT);
  for (const auto size : shape) tensor->mutable_shape()->add_dim()->set_dim_value(size);
}

void add_initializer(onnx::GraphProto& graph, const std::string& name, std::initializer_list<std::int64_t> shape,
                     std::span<const float> values) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const auto size : shape) tensor.add_dims(size);
  tensor.set_raw_data(values.data(), values.size_bytes());
}

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

onnx::NodeProto& add_node(onnx::GraphProto& graph, const char* type, const std::string& name,
                          const std::vector<std::string>& inputs, const std::string& output) {
  auto& node = *graph.add_node();
  node.set_op_type(type);
  node.set_name(name);
  for (const auto& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

}  // namespace

std::string onnx_bytes(const Network& network, const Weights& weights, const Metadata& metadata) {
  assert(weights.values.size() == network.layers.size());
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.set_producer_name("oneproxy");
  model.add_opset_import()->set_version(13);
  for (const auto& [key, value] : metadata) {
    auto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  auto& graph = *model.mutable_graph();
  graph.set_name("oneproxy");
  add_initializer(graph, "relu6.low", {}, std::vector<float>{0.0F});
  add_initializer(graph, "relu6.high", {}, std::vector<float>{6.0F});

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
        const bool clipped = layer.activation == Activation::relu6;
        const std::string sum = clipped ? layer.name + ".sum" : output;
        auto& node = add_node(graph, "Conv", layer.name, inputs, sum);
        add_ints(node, "kernel_shape", {layer.kernel, layer.kernel});
        add_ints(node, "strides", {layer.stride, layer.stride});
        add_ints(node, "pads", {layer.padding, layer.padding, layer.padding, layer.padding});
        add_int(node, "group", layer.groups);
        if (clipped) add_node(graph, "Clip", layer.name + ".relu6", {sum, "relu6.low", "relu6.high"}, output);
        break;
      }
      case LayerKind::add:
        add_node(graph, "Add", layer.name, inputs, output);
        break;
      case LayerKind::global_average_pool: {
        add_node(graph, "GlobalAveragePool", layer.name, inputs, layer.name + ".pooled");
        add_node(graph, "Flatten", layer.name + ".flatten", {layer.name + ".pooled"}, output);
        break;
      }
      case LayerKind::fully_connected:
        add_initializer(graph, inputs[1], {layer.out.channels, layer.in.channels}, weight_values);
        add_initializer(graph, inputs[2], {layer.out.channels}, bias_values);
        add_int(add_node(graph, "Gemm", layer.name, inputs, output), "transB", 1);
        break;
    }
  }
  set_shape(*graph.add_output(), "logits", {1, network.layers.back().out.channels});
  return model.SerializeAsString();
}

void write_onnx(const std::filesystem::path& file, const Network& network, const Weights& weights,
                const Metadata& metadata) {
  write_file(file, onnx_bytes(network, weights, metadata));
}

}  // namespace oneproxy
