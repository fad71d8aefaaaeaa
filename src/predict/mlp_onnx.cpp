#include <cstring>
#include <map>
#include <span>
#include <string>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/mlp.hpp"
#include "oneproxy/space/onnx_graph.hpp"

namespace oneproxy {
namespace {

onnx::ModelProto parse(const std::filesystem::path& file) {
  onnx::ModelProto model;
  if (!model.ParseFromString(read_file(file)) || !model.has_graph()) {
    throw InputError(file.string(), "is not a whole ONNX model");
  }
  return model;
}

Metadata metadata_of(const onnx::ModelProto& model) {
  Metadata metadata;
  for (const auto& entry : model.metadata_props()) metadata.emplace_back(entry.key(), entry.value());
  return metadata;
}

/// Values of a float tensor of the shape that its dimensions say. Lengths are checked before anything is allocated.
std::vector<float> values_of(const onnx::TensorProto& tensor, const std::string& where) {
  if (tensor.data_type() != onnx::TensorProto::FLOAT) throw InputError(where, "expected a float tensor");
  const std::size_t count = tensor.has_raw_data() ? tensor.raw_data().size() / sizeof(float)
                                                  : static_cast<std::size_t>(tensor.float_data_size());
  std::size_t expected = 1;
  for (const auto size : tensor.dims()) {
    if (size < 1 || static_cast<std::size_t>(size) > count) throw InputError(where, "is shorter than its shape says");
    expected *= static_cast<std::size_t>(size);
    if (expected > count) throw InputError(where, "is shorter than its shape says");
  }
  if (expected != count || (tensor.has_raw_data() && tensor.raw_data().size() % sizeof(float) != 0)) {
    throw InputError(where, "is longer than its shape says");
  }
  std::vector<float> values(count);
  if (tensor.has_raw_data())
    std::memcpy(values.data(), tensor.raw_data().data(), count * sizeof(float));
  else
    std::copy(tensor.float_data().begin(), tensor.float_data().end(), values.begin());
  return values;
}

DenseLayer read_gemm(const onnx::NodeProto& node, const std::map<std::string, const onnx::TensorProto*>& tensors,
                     const std::string& where) {
  bool transposed = false;
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == "transB") transposed = attribute.i() != 0;
    const bool plain = (attribute.name() == "transA" && attribute.i() == 0) || attribute.name() == "transB" ||
                       ((attribute.name() == "alpha" || attribute.name() == "beta") && attribute.f() == 1.0F);
    if (!plain) throw InputError(where, "has " + attribute.name() + "; expected a plain Gemm");
  }
  if (node.input_size() != 3) throw InputError(where, "expected input, weight and bias");
  const auto weight = tensors.find(node.input(1));
  const auto bias = tensors.find(node.input(2));
  if (weight == tensors.end() || bias == tensors.end()) throw InputError(where, "expected constant weight and bias");
  if (weight->second->dims_size() != 2) throw InputError(where, "expected a weight of two dimensions");
  const auto values = values_of(*weight->second, where + ", weight");
  const auto bias_values = values_of(*bias->second, where + ", bias");
  const Eigen::Map<const FeatureMatrix> matrix(values.data(), weight->second->dims(0), weight->second->dims(1));
  DenseLayer layer;
  if (transposed)
    layer.weight = matrix.transpose();
  else
    layer.weight = matrix;
  layer.bias = Eigen::Map<const Eigen::VectorXf>(bias_values.data(), static_cast<Eigen::Index>(bias_values.size()));
  return layer;
}

}  // namespace

void write_mlp_onnx(const std::filesystem::path& file, const std::vector<DenseLayer>& layers,
                    const Metadata& metadata) {
  onnx::ModelProto model = onnx_model("mlp", metadata);
  auto& graph = *model.mutable_graph();
  set_shape(*graph.add_input(), "features", {-1, layers.front().weight.rows()});
  set_shape(*graph.add_output(), "prediction", {-1, layers.back().weight.cols()});
  std::string from = "features";
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& [weight, bias] = layers[i];
    const bool last = i + 1 == layers.size();
    const std::string name = "layer" + std::to_string(i + 1);
    const std::string sum = last ? "prediction" : name + ".sum";
    add_initializer(graph, name + ".weight", {weight.rows(), weight.cols()},
                    {weight.data(), static_cast<std::size_t>(weight.size())});
    add_initializer(graph, name + ".bias", {bias.size()}, {bias.data(), static_cast<std::size_t>(bias.size())});
    add_node(graph, "Gemm", sum, {from, name + ".weight", name + ".bias"}, sum);
    if (!last) add_node(graph, "Relu", name, {sum}, name);
    from = name;
  }
  write_file(file, model.SerializeAsString());
}

MlpModel read_mlp_onnx(const std::filesystem::path& file) {
  const onnx::ModelProto model = parse(file);
  MlpModel result{{}, metadata_of(model)};
  std::map<std::string, const onnx::TensorProto*> tensors;
  for (const auto& tensor : model.graph().initializer()) tensors.emplace(tensor.name(), &tensor);

  std::string value;  // what the next node must take in; "" before the first
  bool relu_next = false;
  for (const auto& node : model.graph().node()) {
    const std::string where = file.string() + ", node " + (node.name().empty() ? node.op_type() : node.name());
    if (node.op_type() != (relu_next ? "Relu" : "Gemm")) {
      throw InputError(where, "is " + node.op_type() + "; expected a chain of Gemm and Relu");
    }
    if (node.input_size() < 1 || node.output_size() != 1 || (!value.empty() && node.input(0) != value)) {
      throw InputError(where, "does not follow the node before it; expected a chain of Gemm and Relu");
    }
    if (!relu_next) result.layers.push_back(read_gemm(node, tensors, where));
    value = node.output(0);
    relu_next = !relu_next;
  }
  if (!relu_next) throw InputError(file.string(), "expected a chain of Gemm and Relu that ends with Gemm");
  return result;
}

Metadata read_onnx_metadata(const std::filesystem::path& file) { return metadata_of(parse(file)); }

void require_space(const std::filesystem::path& file, const Metadata& metadata, const SearchSpace& space) {
  for (const auto& [key, value] : metadata) {
    if (key == "space" && value != space.description()) {
      throw InputError(file.string() + ", metadata space",
                       "is '" + value + "'; expected '" + space.description() + "'");
    }
  }
}

bool is_mlp_onnx(const std::filesystem::path& file) {
  const onnx::ModelProto model = parse(file);
  bool relu_next = false;
  for (const auto& node : model.graph().node()) {
    if (node.op_type() != (relu_next ? "Relu" : "Gemm")) return false;
    relu_next = !relu_next;
  }
  return relu_next;
}

}  // namespace oneproxy
