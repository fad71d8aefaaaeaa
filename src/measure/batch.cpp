#include "batch.hpp"

#include <onnx/onnx_pb.h>

#include <set>

namespace oneproxy {

int take_batch(Description& description) { return description.take_int("batch", 1, 1, 4096); }

std::string batch_text(int batch) { return batch == 1 ? "" : ", batch=" + std::to_string(batch); }

std::string with_batch(const std::string& onnx, int batch) {
  if (batch == 1) return onnx;
  onnx::ModelProto model;
  model.ParseFromString(onnx);
  auto& graph = *model.mutable_graph();
  const auto set_first = [&](auto& value) {
    value.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_value(batch);
  };
  for (auto& input : *graph.mutable_input()) set_first(input);
  for (auto& output : *graph.mutable_output()) set_first(output);
  // Shapes that values are brought into begin with the one image.
  std::set<std::string> shapes;
  for (const auto& node : graph.node()) {
    if (node.op_type() == "Reshape") shapes.insert(node.input(1));
  }
  for (auto& tensor : *graph.mutable_initializer()) {
    if (shapes.contains(tensor.name())) tensor.set_int64_data(0, batch);
  }
  return model.SerializeAsString();
}

}  // namespace oneproxy
