#include "onnx_node.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <utility>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t largest_list = 1000;

template <class Raw, class Field>
std::optional<std::vector<double>> values(const onnx::TensorProto& tensor, const Field& field) {
  std::vector<double> result(field.begin(), field.end());
  if (tensor.has_raw_data()) {
    const std::string& bytes = tensor.raw_data();
    if (bytes.size() % sizeof(Raw) != 0 || bytes.size() / sizeof(Raw) > largest_list) return {};
    result.resize(bytes.size() / sizeof(Raw));
    for (std::size_t i = 0; i < result.size(); ++i) {
      Raw value;
      std::memcpy(&value, bytes.data() + i * sizeof(Raw), sizeof(Raw));
      result[i] = static_cast<double>(value);
    }
  }
  if (result.size() > largest_list) return {};
  return result;
}

}  // namespace

Constants constants_of(const onnx::GraphProto& graph) {
  Constants constants;
  for (const auto& tensor : graph.initializer()) constants.emplace(tensor.name(), &tensor);
  for (const auto& node : graph.node()) {
    if (node.op_type() != "Constant" || node.output_size() != 1) continue;
    for (const auto& attribute : node.attribute()) {
      if (attribute.name() == "value" && attribute.has_t()) constants.emplace(node.output(0), &attribute.t());
    }
  }
  return constants;
}

std::optional<std::vector<double>> values_of(const onnx::TensorProto& tensor) {
  switch (tensor.data_type()) {
    case onnx::TensorProto::INT64:
      return values<std::int64_t>(tensor, tensor.int64_data());
    case onnx::TensorProto::INT32:
      return values<std::int32_t>(tensor, tensor.int32_data());
    case onnx::TensorProto::FLOAT:
      return values<float>(tensor, tensor.float_data());
    case onnx::TensorProto::DOUBLE:
      return values<double>(tensor, tensor.double_data());
    default:
      return {};
  }
}

std::int64_t element_count(const onnx::TensorProto& tensor) {
  constexpr std::int64_t most = std::int64_t{1} << 40;
  std::int64_t count = 1;
  for (const std::int64_t size : tensor.dims()) {
    if (size <= 0 || size > most / count) return -1;
    count *= size;
  }
  return count;
}

std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
  return text;
}

std::string OnnxNode::name() const {
  if (!node_->name().empty()) return one_line(node_->name());
  return node_->output_size() > 0 ? one_line(node_->output(0)) : "";
}

void OnnxNode::refuse(const std::string& what) const {
  throw InputError("node " + name() + " (" + one_line(type()) + ")", what);
}

const onnx::AttributeProto* OnnxNode::find(const std::string& attribute) const {
  for (const auto& entry : node_->attribute()) {
    if (entry.name() == attribute) return &entry;
  }
  return nullptr;
}

int OnnxNode::positive(std::int64_t number, const char* what) const {
  if (number < 1 || number > largest_size) refuse(std::string(what) + " is not from 1 to 65536");
  return static_cast<int>(number);
}

std::int64_t OnnxNode::integer(const std::string& attribute, std::int64_t fallback) const {
  const auto* const found = find(attribute);
  return found == nullptr ? fallback : found->i();
}

std::vector<std::int64_t> OnnxNode::integers(const std::string& attribute) const {
  const auto* const found = find(attribute);
  if (found == nullptr) return {};
  return {found->ints().begin(), found->ints().end()};
}

std::string OnnxNode::text(const std::string& attribute) const {
  const auto* const found = find(attribute);
  return found == nullptr ? "" : found->s();
}

const onnx::TensorProto* OnnxNode::constant(int index) const {
  const auto found = constants_->find(input(index));
  return found == constants_->end() ? nullptr : found->second;
}

std::vector<std::int64_t> OnnxNode::integers_or_input(const std::string& attribute, int index) const {
  if (auto found = integers(attribute); !found.empty()) return found;
  if (input(index).empty()) return {};
  const auto* const tensor = constant(index);
  const auto list = tensor == nullptr ? std::nullopt : values_of(*tensor);
  if (!list) refuse("expected a short constant list of whole numbers as input " + std::to_string(index));
  std::vector<std::int64_t> result;
  for (const double value : *list) {
    // The last index of a slice may be "the end": 2^63 - 1.
    if (!(std::abs(value) <= 0x1p63)) refuse("expected whole numbers as input " + std::to_string(index));
    result.push_back(value >= 0x1p62 ? std::int64_t{1} << 62 : static_cast<std::int64_t>(value));
  }
  return result;
}

std::optional<double> OnnxNode::number_or_input(const std::string& attribute, int index) const {
  if (const auto* const found = find(attribute)) return static_cast<double>(found->f());
  if (input(index).empty()) return {};
  const auto* const tensor = constant(index);
  const auto list = tensor == nullptr ? std::nullopt : values_of(*tensor);
  if (!list || list->size() != 1) refuse("expected one constant number as input " + std::to_string(index));
  return list->front();
}

void set_windows(const OnnxNode& node, Layer& layer, std::vector<std::int64_t> kernel) {
  const auto both = [&](std::vector<std::int64_t> list, std::int64_t fallback, const char* what) {
    if (list.empty()) return fallback;
    if (std::ranges::adjacent_find(list, std::not_equal_to{}) != list.end()) {
      node.refuse(std::string(what) + " differ; expected the same for both sides");
    }
    return list.front();
  };
  if (auto given = node.integers("kernel_shape"); !given.empty()) kernel = std::move(given);
  layer.kernel = node.positive(both(kernel, 0, "kernel sizes"), "kernel size");
  layer.stride = node.positive(both(node.integers("strides"), 1, "strides"), "stride");
  if (both(node.integers("dilations"), 1, "dilations") != 1) node.refuse("dilation is not supported");
  const std::string pad = node.text("auto_pad");
  const Shape& in = layer.in;
  if (pad.starts_with("SAME")) {
    const auto total = [&](int size) {
      return std::max(0, ((size + layer.stride - 1) / layer.stride - 1) * layer.stride + layer.kernel - size);
    };
    if (total(in.height) != total(in.width) || total(in.height) % 2 != 0) {
      node.refuse("pads differ; expected the same on all sides");
    }
    layer.padding = total(in.height) / 2;
  } else {
    const auto padding = both(node.integers("pads"), 0, "pads");
    if (padding < 0 || padding >= layer.kernel) node.refuse("padding is not below the kernel size");
    layer.padding = static_cast<int>(padding);
  }
  const auto shrink = [&](int size) {
    const int room = size + 2 * layer.padding - layer.kernel;
    if (room < 0) node.refuse("kernel is larger than the image");
    if (node.integer("ceil_mode", 0) != 0 && room % layer.stride != 0) node.refuse("ceil_mode is not supported");
    return room / layer.stride + 1;
  };
  layer.out.height = shrink(in.height);
  layer.out.width = shrink(in.width);
}

}  // namespace oneproxy
