#ifdef ONEPROXY_HAS_XNNPACK

#include "xnnpack_graph.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

class GraphBuilder {
 public:
  GraphBuilder(const Network& network, const Weights& weights, int batch)
      : layers_(network.layers), weights_(weights), batch_(batch) {}

  XnnpackGraph build() {
    xnn_subgraph_t subgraph = nullptr;
    require_success(xnn_create_subgraph(2, 0, &subgraph), "a graph");
    graph_.subgraph.reset(subgraph);
    const std::vector<bool> needed = needed_layers();
    for (now_ = 0; now_ < layers_.size(); ++now_) {
      if (needed[now_]) {
        define(layers_[now_]);
      } else {
        ids_.push_back(XNN_INVALID_VALUE_ID);
      }
    }
    return std::move(graph_);
  }

 private:
  /// Those that the output depends on. XNNPACK gives no memory to tensors that nothing reads and aborts on the layers
  /// that write them, which cells of NAS-Bench-201 have.
  std::vector<bool> needed_layers() const {
    std::vector<bool> needed(layers_.size(), false);
    needed.front() = needed.back() = true;
    for (std::size_t i = layers_.size(); i-- > 0;) {
      if (!needed[i]) continue;
      for (const int input : layers_[i].inputs) needed[static_cast<std::size_t>(input)] = true;
    }
    return needed;
  }

  void define(const Layer& layer) {
    const std::string what = "layer " + layer.name;
    ids_.push_back(output(layer.out, what));
    const std::uint32_t to = ids_.back();
    const Activation activation = layer.activation;
    // XNNPACK clamps as part of a layer; hard-swish and hard-sigmoid are nodes of their own.
    const bool own_node = activation == Activation::hard_swish || activation == Activation::hard_sigmoid;
    const bool relu = activation == Activation::relu || activation == Activation::relu6;
    const std::uint32_t sum = own_node ? intermediate(layer.out, what) : to;
    const float low = relu ? 0.0F : -infinity;
    const float high = activation == Activation::relu6 ? 6.0F : infinity;
    const auto from = [&](std::size_t input) { return ids_[static_cast<std::size_t>(layer.inputs[input])]; };
    switch (layer.kind) {
      case LayerKind::input:
        break;
      case LayerKind::convolution:
        require_success(convolution(layer, from(0), sum, low, high), what);
        break;
      case LayerKind::add:
        require_success(xnn_define_add2(graph(), low, high, from(0), from(1), sum, 0), what);
        break;
      case LayerKind::multiply:
        require_success(xnn_define_multiply2(graph(), low, high, from(0), from(1), sum, 0), what);
        break;
      case LayerKind::global_average_pool:
        require_success(xnn_define_global_average_pooling_2d(graph(), low, high, from(0), to, 0), what);
        break;
      case LayerKind::fully_connected: {
        const std::uint32_t filter = constant({size(layer.out.channels), size(layer.in.channels)}, weight_values());
        require_success(xnn_define_fully_connected(graph(), low, high, from(0), filter, bias(), sum, 0), what);
        break;
      }
      case LayerKind::average_pool:
      case LayerKind::max_pool:
        require_success(pool(layer, from(0), to), what);
        break;
      case LayerKind::activation:
        if (own_node) return define_activation(activation, from(0), to, layer.out, what);
        require_success(xnn_define_clamp(graph(), low, high, from(0), to, 0), what);
        break;
      case LayerKind::scale: {
        const std::vector<std::size_t> dims{1, 1, 1, size(layer.out.channels)};
        const std::uint32_t scaled = intermediate(layer.out, what);
        require_success(
            xnn_define_multiply2(graph(), -infinity, infinity, from(0), constant(dims, weight_values()), scaled, 0),
            what);
        require_success(xnn_define_add2(graph(), low, high, scaled, constant(dims, bias_values()), sum, 0), what);
        break;
      }
      default:  // refused by build_xnnpack_graph
        assert(false);
    }
    if (own_node) define_activation(activation, sum, to, layer.out, what);
  }

  void define_activation(Activation activation, std::uint32_t from, std::uint32_t to, const Shape& shape,
                         const std::string& what) {
    if (activation == Activation::hard_swish) {
      return require_success(xnn_define_hardswish(graph(), from, to, 0), what);
    }
    const std::uint32_t sixth = intermediate(shape, what);
    require_success(xnn_define_multiply2(graph(), -infinity, infinity, from, constant({1}, {1.0F / 6.0F}), sixth, 0),
                    what);
    require_success(xnn_define_add2(graph(), 0.0F, 1.0F, sixth, constant({1}, {0.5F}), to, 0), what);
  }

  xnn_status pool(const Layer& layer, std::uint32_t from, std::uint32_t to) {
    const auto kernel = static_cast<std::uint32_t>(layer.kernel);
    const auto stride = static_cast<std::uint32_t>(layer.stride);
    const auto before = static_cast<std::uint32_t>(layer.padding);
    // What the windows do not reach on the far side needs no padding there.
    const auto after = [&](int in, int out) {
      return static_cast<std::uint32_t>(std::max(0, (out - 1) * layer.stride + layer.kernel - in - layer.padding));
    };
    const std::uint32_t bottom = after(layer.in.height, layer.out.height);
    const std::uint32_t right = after(layer.in.width, layer.out.width);
    if (layer.kind == LayerKind::max_pool) {
      return xnn_define_max_pooling_2d(graph(), before, right, bottom, before, kernel, kernel, stride, stride, 1, 1,
                                       -infinity, infinity, from, to, 0);
    }
    return xnn_define_average_pooling_2d(graph(), before, right, bottom, before, kernel, kernel, stride, stride,
                                         -infinity, infinity, from, to, 0);
  }

  xnn_status convolution(const Layer& layer, std::uint32_t from, std::uint32_t to, float low, float high) {
    const auto kernel = static_cast<std::uint32_t>(layer.kernel);
    const auto stride = static_cast<std::uint32_t>(layer.stride);
    const auto padding = static_cast<std::uint32_t>(layer.padding);
    const auto groups = static_cast<std::uint32_t>(layer.groups);
    const std::size_t in_per_group = size(layer.in.channels) / groups;
    const std::size_t out = size(layer.out.channels);
    if (groups > 1 && in_per_group == 1) {
      const std::uint32_t filter = constant({1, kernel, kernel, out}, weights_channels_last(1, out, kernel * kernel));
      return xnn_define_depthwise_convolution_2d(graph(), padding, padding, padding, padding, kernel, kernel, stride,
                                                 stride, 1, 1, static_cast<std::uint32_t>(out / groups), groups, low,
                                                 high, from, filter, bias(), to, 0);
    }
    const std::uint32_t filter =
        constant({out, kernel, kernel, in_per_group}, weights_channels_last(out, in_per_group, kernel * kernel));
    return xnn_define_convolution_2d(graph(), padding, padding, padding, padding, kernel, kernel, stride, stride, 1, 1,
                                     groups, in_per_group, out / groups, low, high, from, filter, bias(), to, 0);
  }

  /// The present layer's output.
  std::uint32_t output(const Shape& shape, const std::string& what) {
    if (now_ == 0) return image(shape, XnnpackGraph::input_id, XNN_VALUE_FLAG_EXTERNAL_INPUT, what);
    if (now_ + 1 == layers_.size()) {
      return image(shape, XnnpackGraph::output_id, XNN_VALUE_FLAG_EXTERNAL_OUTPUT, what);
    }
    return intermediate(shape, what);
  }

  std::uint32_t intermediate(const Shape& shape, const std::string& what) {
    return image(shape, XNN_INVALID_VALUE_ID, 0, what);
  }

  std::uint32_t image(const Shape& shape, std::uint32_t id, std::uint32_t flags, const std::string& what) {
    const std::array<std::size_t, 4> dims{size(batch_), size(shape.height), size(shape.width), size(shape.channels)};
    require_success(
        xnn_define_tensor_value(graph(), xnn_datatype_fp32, dims.size(), dims.data(), nullptr, id, flags, &id), what);
    return id;
  }

  std::uint32_t constant(const std::vector<std::size_t>& dims, std::vector<float> values) {
    values.resize(values.size() + XnnpackGraph::extra_floats);
    graph_.constants.push_back(std::move(values));
    std::uint32_t id = XNN_INVALID_VALUE_ID;
    require_success(xnn_define_tensor_value(graph(), xnn_datatype_fp32, dims.size(), dims.data(),
                                            graph_.constants.back().data(), XNN_INVALID_VALUE_ID, 0, &id),
                    "weights of layer " + layers_[now_].name);
    return id;
  }

  std::vector<float> weight_values() const {
    const auto& all = weights_.values[now_];
    return {all.begin(), all.begin() + layers_[now_].weight_count()};
  }

  std::vector<float> bias_values() const {
    const auto& all = weights_.values[now_];
    return {all.begin() + layers_[now_].weight_count(), all.end()};
  }

  std::uint32_t bias() { return constant({size(layers_[now_].out.channels)}, bias_values()); }

  /// The weights as outer x area x channels; a network has them as outer x channels x area.
  std::vector<float> weights_channels_last(std::size_t outer, std::size_t channels, std::size_t area) const {
    const auto& plain = weights_.values[now_];
    std::vector<float> values(outer * channels * area);
    for (std::size_t o = 0; o < outer; ++o) {
      for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t p = 0; p < area; ++p) {
          values[(o * area + p) * channels + c] = plain[(o * channels + c) * area + p];
        }
      }
    }
    return values;
  }

  static std::size_t size(int value) { return static_cast<std::size_t>(value); }
  xnn_subgraph_t graph() const { return graph_.subgraph.get(); }

  const std::vector<Layer>& layers_;
  const Weights& weights_;
  int batch_;
  XnnpackGraph graph_;
  std::vector<std::uint32_t> ids_;  // of the layers' outputs
  std::size_t now_ = 0;             // the layer being defined
};

}  // namespace

void require_success(xnn_status status, const std::string& what) {
  if (status == xnn_status_success) return;
  std::string why = "status " + std::to_string(status);
  if (status == xnn_status_unsupported_hardware) why = "this processor is not supported";
  if (status == xnn_status_unsupported_parameter) why = "its shape is not supported";
  if (status == xnn_status_out_of_memory) why = "out of memory";
  throw InputError("xnnpack", "refuses " + what + ": " + why);
}

XnnpackGraph build_xnnpack_graph(const Network& network, const Weights& weights, int batch) {
  refuse_layers(network,
                {LayerKind::channel_shuffle, LayerKind::zero, LayerKind::concatenation, LayerKind::channel_slice},
                "xnnpack");
  return GraphBuilder(network, weights, batch).build();
}

}  // namespace oneproxy

#endif
