#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "oneproxy/space/network.hpp"

namespace oneproxy {

/// Tensors of a model that do not depend on its input, by name; valid as long as the model.
using Constants = std::map<std::string, const onnx::TensorProto*>;

/// Initialisers and what Constant nodes hold.
Constants constants_of(const onnx::GraphProto& graph);

/// The values of a small tensor of int64, int32, float or double; nothing for other types, broken or large ones.
std::optional<std::vector<double>> values_of(const onnx::TensorProto& tensor);
/// Elements by its shape; -1 where a size is not positive or the product is over 2^40.
std::int64_t element_count(const onnx::TensorProto& tensor);

/// Text of a model for a message or a layer's name: control characters become question marks.
std::string one_line(std::string text);

/// One node and its attributes; throws InputError "node NAME (TYPE): ...".
class OnnxNode {
 public:
  static constexpr std::int64_t largest_size = 65'536;  ///< of an image's side, of channels

  OnnxNode(const onnx::NodeProto& node, const Constants& constants) : node_(&node), constants_(&constants) {}

  const std::string& type() const { return node_->op_type(); }
  std::string name() const;  ///< one_line()
  int input_count() const { return node_->input_size(); }
  /// "" where it is left out.
  std::string input(int index) const { return index < node_->input_size() ? node_->input(index) : ""; }
  const onnx::NodeProto& proto() const { return *node_; }
  const std::string& output(int index = 0) const { return node_->output(index); }
  /// A number from 1 to largest_size, or refused.
  int positive(std::int64_t number, const char* what) const;
  [[noreturn]] void refuse(const std::string& what) const;

  std::int64_t integer(const std::string& attribute, std::int64_t fallback) const;
  std::vector<std::int64_t> integers(const std::string& attribute) const;  ///< empty: it is not there
  std::string text(const std::string& attribute) const;
  /// The constant at an input; nullptr where it is none.
  const onnx::TensorProto* constant(int index) const;
  /// An attribute or, where it is absent, the constant at an input, as whole numbers; empty where neither is there.
  std::vector<std::int64_t> integers_or_input(const std::string& attribute, int index) const;
  std::optional<double> number_or_input(const std::string& attribute, int index) const;

 private:
  const onnx::AttributeProto* find(const std::string& attribute) const;
  const onnx::NodeProto* node_;
  const Constants* constants_;
};

/// Fills in kernel, stride, padding and the size of the output of a convolution or pooling from the node's attributes.
/// `kernel`: the sizes where there is no kernel_shape. Precondition: layer.in.
void set_windows(const OnnxNode& node, Layer& layer, std::vector<std::int64_t> kernel);

}  // namespace oneproxy
