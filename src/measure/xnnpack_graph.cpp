#ifdef ONEPROXY_HAS_XNNPACK

#include "xnnpack_graph.hpp"

#include <array>
#include <cassert>
#include <limits>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

class GraphBuilder {
 public:
  GraphBuilder(const Network& network, const Weights& weights) : layers_(network.layers), weights_(weights) {}

  XnnpackGraph build() {
    xnn_subgraph_t subgraph = nullptr;
    require_success(xnn_create_subgraph(2, 0, &subgraph), "a graph");
    graph_.subgraph.reset(subgraph);
    for (now_ = 0; now_ < layers_.size(); ++now_) define(layers_[now_]);
    return std::move(graph_);
  }

 private:
  void define(const Layer& layer) {
    const std::string what = "layer " + layer.name;
    ids_.push_back(image(layer.out, what));
    const std::uint32_t to = ids_.back();
    const float infinity = std::numeric_limits<float>::infinity();
    const float low = layer.activation == Activation::none ? -infinity : 0.0F;
    const float high = layer.activation == Activation::relu6 ? 6.0F : infinity;
    const auto from = [&](std::size_t input) { return ids_[static_cast<std::size_t>(layer.inputs[input])]; };
    switch (layer.kind) {
      case LayerKind::input:
        break;
      case LayerKind::convolution:
        require_success(convolution(layer, from(0), to, low, high), what);
        break;
      case LayerKind::add:
        require_success(xnn_define_add2(graph(), low, high, from(0), from(1), to, 0), what);
        break;
      case LayerKind::global_average_pool:
        require_success(xnn_define_global_average_pooling_2d(graph(), low, high, from(0), to, 0), what);
        break;
      case LayerKind::fully_connected: {
        const std::uint32_t filter = constant({size(layer.out.channels), size(layer.in.channels)}, weight_values());
        require_success(xnn_define_fully_connected(graph(), low, high, from(0), filter, bias(), to, 0), what);
        break;
      }
      default:  // refused by build_xnnpack_graph
        assert(false);
    }
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
  std::uint32_t image(const Shape& shape, const std::string& what) {
    const std::array<std::size_t, 4> dims{1, size(shape.height), size(shape.width), size(shape.channels)};
    std::uint32_t id = XNN_INVALID_VALUE_ID;
    std::uint32_t flags = 0;
    if (now_ == 0) {
      id = XnnpackGraph::input_id;
      flags = XNN_VALUE_FLAG_EXTERNAL_INPUT;
    } else if (now_ + 1 == layers_.size()) {
      id = XnnpackGraph::output_id;
      flags = XNN_VALUE_FLAG_EXTERNAL_OUTPUT;
    }
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

  std::uint32_t bias() {
    const auto& all = weights_.values[now_];
    return constant({size(layers_[now_].out.channels)}, {all.begin() + layers_[now_].weight_count(), all.end()});
  }

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

XnnpackGraph build_xnnpack_graph(const Network& network, const Weights& weights) {
  require_basic_layers(network, "xnnpack");
  return GraphBuilder(network, weights).build();
}

}  // namespace oneproxy

#endif
