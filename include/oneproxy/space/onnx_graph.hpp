#pragma once

// For the files that write ONNX graphs: needs ONNX's own headers, so no other header includes this one.
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/space/onnx.hpp"

namespace oneproxy {

/// An empty graph in a model of IR 8 and opset 13.
inline onnx::ModelProto onnx_model(const std::string& graph_name, const Metadata& metadata) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.set_producer_name("oneproxy");
  model.add_opset_import()->set_version(13);
  for (const auto& [key, value] : metadata) {
    auto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  model.mutable_graph()->set_name(graph_name);
  return model;
}

/// Makes an input or output of the graph a float tensor; a size of -1 is any, called "n".
inline void set_shape(onnx::ValueInfoProto& value, const std::string& name, std::initializer_list<std::int64_t> shape) {
  value.set_name(name);
  auto* tensor = value.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(onnx::TensorProto::FLOAT);
  for (const auto size : shape) {
    auto& dimension = *tensor->mutable_shape()->add_dim();
    if (size < 0)
      dimension.set_dim_param("n");
    else
      dimension.set_dim_value(size);
  }
}

inline void add_initializer(onnx::GraphProto& graph, const std::string& name, std::initializer_list<std::int64_t> shape,
                            std::span<const float> values) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const auto size : shape) tensor.add_dims(size);
  tensor.set_raw_data(values.data(), values.size_bytes());
}

inline onnx::NodeProto& add_node(onnx::GraphProto& graph, const char* type, const std::string& name,
                                 const std::vector<std::string>& inputs, const std::string& output) {
  auto& node = *graph.add_node();
  node.set_op_type(type);
  node.set_name(name);
  for (const auto& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

}  // namespace oneproxy
