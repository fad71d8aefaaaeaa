#include "oneproxy/space/onnx_reader.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "onnx_node.hpp"

namespace oneproxy {
namespace {

constexpr std::int64_t largest_elements = 500'000'000;
/// A tensor of the model: the layer that makes it, and whether it has become one dimension.
struct Value {
  int layer = 0;
  bool flat = false;
  bool shared = false;  ///< others read the layer under another name: nothing may join it
};

class GraphReader {
 public:
  explicit GraphReader(const onnx::GraphProto& graph) : graph_(graph), constants_(constants_of(graph)) {
    for (const auto& output : graph.output()) is_output_.insert(output.name());
    needed_ = is_output_;
    for (int i = graph.node_size(); i-- > 0;) {  // every node follows those that it reads
      const auto& node = graph.node(i);
      if (std::ranges::none_of(node.output(), [&](const auto& name) { return needed_.contains(name); })) {
        done_.insert(&node);
        continue;
      }
      for (const auto& input : node.input()) readers_[input].push_back(&node);
      needed_.insert(node.input().begin(), node.input().end());
    }
  }

  Network read() {
    read_input();
    for (const auto& proto : graph_.node()) {
      const OnnxNode node(proto, constants_);
      if (done_.contains(&proto) || node.type() == "Constant") continue;
      if (proto.output_size() < 1) node.refuse("has no output");
      read_node(node);
    }
    if (graph_.output_size() != 1) {
      throw InputError("has " + std::to_string(graph_.output_size()) + " outputs; expected one");
    }
    const auto last = values_.find(graph_.output(0).name());
    if (last == values_.end()) throw InputError("output " + one_line(graph_.output(0).name()), "is made by no node");
    // Every layer is needed for the output, so the last one is it, but where the output is a tensor under another name.
    network_.layers.resize(static_cast<std::size_t>(last->second.layer) + 1);
    return std::move(network_);
  }

 private:
  void read_input() {
    std::string name;
    for (const auto& input : graph_.input()) {
      if (constants_.contains(input.name())) continue;
      const std::string where = "input " + one_line(input.name());
      if (!name.empty()) throw InputError(where, "is a second one; expected one input");
      name = input.name();
      const auto& shape = input.type().tensor_type().shape();
      const auto size = [&](int i) { return shape.dim(i).has_dim_value() ? shape.dim(i).dim_value() : 0; };
      if (shape.dim_size() != 4 || size(0) > 1) {
        throw InputError(where, "expected 1 x channels x height x width");
      }
      for (int i = 1; i < 4; ++i) {
        if (size(i) < 1 || size(i) > OnnxNode::largest_size) {
          throw InputError(where, "expected channels, height and width from 1 to 65536");
        }
      }
      Layer layer;
      layer.name = "input";
      layer.in = layer.out = {static_cast<int>(size(1)), static_cast<int>(size(2)), static_cast<int>(size(3))};
      network_.layers.push_back(std::move(layer));
    }
    if (name.empty()) throw InputError("has no input");
    values_[name] = {0, false};
  }

  const Value& value(const OnnxNode& node, int index) const {
    const auto found = values_.find(node.input(index));
    if (found == values_.end()) {
      node.refuse("expected a tensor that depends on the input as its input " + std::to_string(index));
    }
    return found->second;
  }
  Layer& layer_of(const Value& value) { return network_.layers[static_cast<std::size_t>(value.layer)]; }

  /// The only node that reads a tensor; nullptr where there are others, or it leaves the model.
  const onnx::NodeProto* only_reader(const std::string& tensor) const {
    const auto found = readers_.find(tensor);
    if (found == readers_.end() || found->second.size() != 1 || is_output_.contains(tensor)) return nullptr;
    return found->second.front();
  }

  void push(const OnnxNode& node, Layer layer, bool flat = false) {
    layer.name = node.name();
    if (layer.in.channels % layer.groups != 0 || layer.out.channels % layer.groups != 0) {
      node.refuse("groups do not divide the channels");
    }
    if (layer.out.elements() > largest_elements || layer.weight_count() > largest_elements) {
      node.refuse("is larger than " + std::to_string(largest_elements) + " values");
    }
    network_.layers.push_back(std::move(layer));
    values_[node.output()] = {static_cast<int>(network_.layers.size()) - 1, flat};
  }

  /// A layer on `input` with an output of its shape.
  Layer like(LayerKind kind, const Value& input) {
    const Shape shape = layer_of(input).out;
    return {.kind = kind, .name = {}, .inputs = {input.layer}, .in = shape, .out = shape};
  }

  void pass(const OnnxNode& node, const Value& value) { values_[node.output()] = value; }
  /// The same tensor under another name.
  void rename(const OnnxNode& node, bool flat) {
    const Value& from = value(node, 0);
    pass(node, {from.layer, from.flat || flat, from.shared || only_reader(node.input(0)) == nullptr});
  }

  /// `reader_count`: nodes that read the tensor and make up the activation.
  void activate(const OnnxNode& node, Activation activation, std::size_t reader_count = 1) {
    const Value from = value(node, 0);
    Layer& before = layer_of(from);
    static const std::set<LayerKind> can{LayerKind::convolution, LayerKind::add, LayerKind::fully_connected,
                                         LayerKind::scale, LayerKind::multiply};
    const std::string tensor = node.input(0);
    if (can.contains(before.kind) && before.activation == Activation::none && !from.shared &&
        readers_[tensor].size() == reader_count && !is_output_.contains(tensor)) {
      before.activation = activation;
      return pass(node, from);
    }
    Layer layer = like(LayerKind::activation, from);
    layer.activation = activation;
    push(node, std::move(layer), from.flat);
  }

  void read_convolution(const OnnxNode& node) {
    const auto* const weight = node.constant(1);
    if (weight == nullptr || weight->dims_size() != 4 || element_count(*weight) < 0) {
      node.refuse("expected a constant weight of four dimensions");
    }
    Layer layer = like(LayerKind::convolution, value(node, 0));
    layer.groups = node.positive(node.integer("group", 1), "group");
    layer.out.channels = node.positive(weight->dims(0), "number of output channels");
    set_windows(node, layer, {weight->dims(2), weight->dims(3)});
    if (layer.in.channels % layer.groups != 0 || weight->dims(1) != layer.in.channels / layer.groups ||
        weight->dims(2) != layer.kernel || weight->dims(3) != layer.kernel) {
      node.refuse("its weight does not fit its input");
    }
    push(node, std::move(layer));
  }

  void read_fully_connected(const OnnxNode& node) {
    const auto* const weight = node.constant(1);
    if (weight == nullptr || weight->dims_size() != 2 || element_count(*weight) < 0) {
      node.refuse("expected a constant weight of two dimensions");
    }
    const bool transposed = node.type() == "Gemm" && node.integer("transB", 0) != 0;
    if (node.integer("transA", 0) != 0) node.refuse("transA is not supported");
    Layer layer = like(LayerKind::fully_connected, value(node, 0));
    if (weight->dims(transposed ? 1 : 0) != layer.in.elements()) node.refuse("its weight does not fit its input");
    layer.out = {node.positive(weight->dims(transposed ? 0 : 1), "number of outputs"), 1, 1};
    if (layer.in.height != 1 || layer.in.width != 1) {
      if (layer.in.height != layer.in.width) node.refuse("expected a square image where one is flattened");
      layer.kind = LayerKind::convolution;
      layer.kernel = layer.in.height;
    }
    push(node, std::move(layer), true);
  }

  void read_pool(const OnnxNode& node, LayerKind kind) {
    Layer layer = like(kind, value(node, 0));
    set_windows(node, layer, {});
    push(node, std::move(layer));
  }

  void read_global_pool(const OnnxNode& node) {
    if (node.type() == "ReduceMean") {
      auto axes = node.integers_or_input("axes", 1);
      for (auto& axis : axes) axis += axis < 0 ? 4 : 0;
      std::ranges::sort(axes);
      if (axes != std::vector<std::int64_t>{2, 3}) node.refuse("expected the axes 2 and 3");
    }
    const bool flat = node.type() == "ReduceMean" && node.integer("keepdims", 1) == 0;
    Layer layer = like(LayerKind::global_average_pool, value(node, 0));
    layer.out.height = layer.out.width = 1;
    push(node, std::move(layer), flat);
  }

  /// A sum or product with a constant: the layer's own before it where that has biases, else a scale.
  void read_constant_operand(const OnnxNode& node, int tensor, const onnx::TensorProto& constant) {
    const Value from = value(node, tensor);
    const Shape shape = layer_of(from).out;
    const std::int64_t count = element_count(constant);
    if (count != 1 && count != shape.channels) node.refuse("expected a constant of one value, or one a channel");
    if (node.type() == "Mul") {
      const auto factor = count == 1 ? values_of(constant) : std::nullopt;
      const bool zero = factor && factor->size() == 1 && factor->front() == 0;
      return push(node, like(zero ? LayerKind::zero : LayerKind::scale, from), from.flat);
    }
    if (owns_sums(node.input(tensor), from)) {
      if (layer_of(from).kind == LayerKind::scale) layer_of(from).name = node.name();  // product and sum are one layer
      return pass(node, from);
    }
    push(node, like(LayerKind::scale, from), from.flat);
  }

  /// Whether a factor or summand for each channel of this tensor can be part of the layer that makes it.
  bool owns_sums(const std::string& tensor, const Value& from) {
    const Layer& before = layer_of(from);
    return before.activation == Activation::none && !from.shared && only_reader(tensor) != nullptr &&
           before.bias_count() > 0;
  }

  void read_operands(const OnnxNode& node) {
    for (const int constant : {0, 1}) {
      const auto* const tensor = node.constant(constant);
      if (tensor != nullptr) return read_constant_operand(node, 1 - constant, *tensor);
    }
    Value a = value(node, 0);
    Value b = value(node, 1);
    const Shape of_a = layer_of(a).out;
    const Shape of_b = layer_of(b).out;
    if (node.type() == "Mul") {
      if (of_b != Shape{of_a.channels, 1, 1}) std::swap(a, b);
      if (layer_of(b).out != Shape{layer_of(a).out.channels, 1, 1}) {
        node.refuse("expected a factor for each channel");
      }
    } else if (of_a != of_b) {
      node.refuse("expected two tensors of one shape");
    }
    Layer layer = like(node.type() == "Mul" ? LayerKind::multiply : LayerKind::add, a);
    layer.inputs.push_back(b.layer);
    push(node, std::move(layer), a.flat);
  }

  void read_hard_sigmoid(const OnnxNode& node) {
    const auto* const mul = only_reader(node.output());
    const bool swish = mul != nullptr && mul->op_type() == "Mul" && mul->input_size() == 2 && mul->output_size() == 1 &&
                       (mul->input(0) == node.input(0) || mul->input(1) == node.input(0));
    if (!swish) return activate(node, Activation::hard_sigmoid);
    activate(node, Activation::hard_swish, 2);
    values_[mul->output(0)] = values_[node.output()];
    done_.insert(mul);
  }

  void read_clip(const OnnxNode& node) {
    const auto low = node.number_or_input("min", 1);
    const auto high = node.number_or_input("max", 2);
    if (low != 0.0 || (high && *high != 6.0)) node.refuse("expected limits of 0 and 6, or 0 alone");
    activate(node, high ? Activation::relu6 : Activation::relu);
  }

  void read_normalisation(const OnnxNode& node) {
    const Value from = value(node, 0);
    if (layer_of(from).kind != LayerKind::scale && owns_sums(node.input(0), from)) return pass(node, from);
    push(node, like(LayerKind::scale, from), from.flat);
  }

  void read_concatenation(const OnnxNode& node) {
    const auto axis = node.integer("axis", 1);
    Layer layer = like(LayerKind::concatenation, value(node, 0));
    const bool flat = value(node, 0).flat;
    if (axis != 1 && axis != (flat ? -1 : -3)) node.refuse("expected the axis of channels");
    std::int64_t channels = layer.in.channels;
    for (int i = 1; i < node.input_count(); ++i) {
      const Value& other = value(node, i);
      const Shape shape = layer_of(other).out;
      if (shape.height != layer.in.height || shape.width != layer.in.width) node.refuse("expected images of one size");
      layer.inputs.push_back(other.layer);
      channels += shape.channels;
    }
    layer.out.channels = node.positive(channels, "number of channels");
    push(node, std::move(layer), flat);
  }

  void push_slice(const OnnxNode& node, const std::string& output, std::int64_t first, std::int64_t end) {
    const Value from = value(node, 0);
    const auto channels = std::int64_t{layer_of(from).out.channels};
    first += first < 0 ? channels : 0;
    end = std::min(end + (end < 0 ? channels : 0), channels);
    if (first < 0 || first >= end) node.refuse("takes no channels");
    Layer layer = like(LayerKind::channel_slice, from);
    layer.first_channel = static_cast<int>(first);
    layer.out.channels = static_cast<int>(end - first);
    push(node, std::move(layer), from.flat);
    values_[output] = {static_cast<int>(network_.layers.size()) - 1, from.flat};
  }

  void read_slice(const OnnxNode& node) {
    const auto first = node.integers_or_input("starts", 1);
    const auto end = node.integers_or_input("ends", 2);
    const auto axes = node.integers_or_input("axes", 3);
    const auto steps = node.integers_or_input("steps", 4);
    if (first.size() != 1 || end.size() != 1 || axes != std::vector<std::int64_t>{1} ||
        (!steps.empty() && steps != std::vector<std::int64_t>{1})) {
      node.refuse("expected a slice of channels");
    }
    push_slice(node, node.output(), first.front(), end.front());
  }

  void read_split(const OnnxNode& node) {
    if (node.integer("axis", 0) != 1) node.refuse("expected the axis of channels");
    auto sizes = node.integers_or_input("split", 1);
    const int count = node.proto().output_size();
    const int channels = layer_of(value(node, 0)).out.channels;
    if (sizes.empty()) sizes.assign(static_cast<std::size_t>(count), (channels + count - 1) / count);
    if (sizes.size() != static_cast<std::size_t>(count)) node.refuse("expected a size for each output");
    std::int64_t first = 0;
    for (int i = 0; i < count; ++i) {
      const auto size = node.positive(sizes[static_cast<std::size_t>(i)], "size of an output");
      if (needed_.contains(node.output(i))) push_slice(node, node.output(i), first, first + size);
      first += size;
    }
  }

  /// Reshape, Transpose and Reshape that shuffle channels; or a flattening.
  void read_reshape(const OnnxNode& node) {
    const auto shape = node.integers_or_input("shape", 1);
    const Value from = value(node, 0);
    const Shape image = layer_of(from).out;
    if (shape.size() == 2) return rename(node, true);
    const auto* const swap = only_reader(node.output());
    const auto* const join = swap != nullptr && swap->op_type() == "Transpose" && swap->output_size() == 1
                                 ? only_reader(swap->output(0))
                                 : nullptr;
    if (shape.size() != 5 || join == nullptr || join->op_type() != "Reshape" || join->output_size() != 1 ||
        OnnxNode(*swap, constants_).integers("perm") != std::vector<std::int64_t>{0, 2, 1, 3, 4} || shape[1] < 1 ||
        image.channels % shape[1] != 0) {
      node.refuse("expected a flattening or a shuffle of channels");
    }
    Layer layer = like(LayerKind::channel_shuffle, from);
    layer.groups = static_cast<int>(shape[1]);
    const OnnxNode last(*join, constants_);
    push(last, std::move(layer));
    done_.insert({swap, join});
  }

  void read_node(const OnnxNode& node) {
    const std::string& type = node.type();
    if (type == "Conv") return read_convolution(node);
    if (type == "Gemm" || type == "MatMul") return read_fully_connected(node);
    if (type == "Relu") return activate(node, Activation::relu);
    if (type == "Clip") return read_clip(node);
    if (type == "HardSigmoid") return read_hard_sigmoid(node);
    if (type == "HardSwish") return activate(node, Activation::hard_swish);
    if (type == "Add" || type == "Mul") return read_operands(node);
    if (type == "BatchNormalization") return read_normalisation(node);
    if (type == "GlobalAveragePool" || type == "ReduceMean") return read_global_pool(node);
    if (type == "AveragePool") return read_pool(node, LayerKind::average_pool);
    if (type == "MaxPool") return read_pool(node, LayerKind::max_pool);
    if (type == "Concat") return read_concatenation(node);
    if (type == "Slice") return read_slice(node);
    if (type == "Split") return read_split(node);
    if (type == "Reshape") return read_reshape(node);
    if (type == "Flatten" || type == "Squeeze") return rename(node, true);
    if (type == "Identity" || type == "Dropout") return rename(node, false);
    node.refuse("is not an operator that oneproxy has");
  }

  const onnx::GraphProto& graph_;
  Constants constants_;
  std::map<std::string, std::vector<const onnx::NodeProto*>> readers_;  // of each tensor
  std::set<std::string> is_output_;
  std::set<std::string> needed_;  // tensors that the output depends on
  std::map<std::string, Value> values_;
  std::set<const onnx::NodeProto*> done_;  // nodes that are part of one before them, or not needed
  Network network_;
};

}  // namespace

Network read_onnx_network(std::string_view bytes, std::string_view name) {
  onnx::ModelProto model;
  if (bytes.size() > 2'000'000'000 || !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      !model.has_graph()) {
    throw InputError(name, "is not an ONNX model");
  }
  try {
    return GraphReader(model.graph()).read();
  } catch (const InputError& error) {
    throw InputError(name, error.what());
  }
}

Network read_onnx(const std::filesystem::path& file) { return read_onnx_network(read_file(file), file.string()); }

}  // namespace oneproxy
