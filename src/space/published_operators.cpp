#include <optional>
#include <span>

#include "oneproxy/space/operators.hpp"

namespace oneproxy {
namespace {

/// What the published keys say of an inverted residual block.
struct InvertedResidual {
  int mid = 0;
  int kernel = 0;
  int stride = 0;
  bool skip = false;
  bool squeeze = false;
  bool swish = false;
};

bool is_pointwise(const Layer& layer) {
  return layer.kind == LayerKind::convolution && layer.kernel == 1 && layer.stride == 1 && layer.groups == 1;
}

bool is_depthwise(const Layer& layer) {
  return layer.kind == LayerKind::convolution && layer.groups == layer.in.channels &&
         layer.out.channels == layer.in.channels && layer.padding == layer.kernel / 2;
}

std::optional<InvertedResidual> inverted_residual(std::span<const Layer> layers) {
  InvertedResidual block;
  std::size_t at = 0;
  const auto next_is = [&](auto accept) { return at < layers.size() && accept(layers[at]) && ++at > 0; };
  const auto kind_is = [](LayerKind kind) { return [kind](const Layer& layer) { return layer.kind == kind; }; };

  if (layers.size() < 2) return std::nullopt;
  if (is_pointwise(layers[0])) ++at;
  if (!next_is(is_depthwise)) return std::nullopt;
  const Layer& depthwise = layers[at - 1];
  block.mid = depthwise.out.channels;
  block.kernel = depthwise.kernel;
  block.stride = depthwise.stride;
  block.swish = depthwise.activation == Activation::hard_swish;
  if (next_is(kind_is(LayerKind::global_average_pool))) {
    if (!next_is(is_pointwise) || !next_is(is_pointwise) || !next_is(kind_is(LayerKind::multiply))) return std::nullopt;
    block.squeeze = true;
    // nn-Meter's blocks have the activation after the excitation.
    block.swish = block.swish || layers[at - 1].activation == Activation::hard_swish;
  }
  if (!next_is(is_pointwise) || layers[at - 1].activation != Activation::none) return std::nullopt;
  block.skip = next_is(kind_is(LayerKind::add));
  return at == layers.size() ? std::optional(block) : std::nullopt;
}

std::string text(const Shape& shape) {
  return std::to_string(shape.height) + 'x' + std::to_string(shape.width) + 'x' + std::to_string(shape.channels);
}

}  // namespace

std::string published_key(const Network& network, const OperatorSpan& span, OperatorGrammar grammar) {
  const auto layers = std::span(network.layers).subspan(span.begin, span.end - span.begin);
  const Layer& first = layers.front();
  const Layer& last = layers.back();
  const auto key = [&](const char* name) {
    return std::string(name) + "-input:" + text(first.in) +
           "-output:" + (last.kind == LayerKind::fully_connected ? std::to_string(last.out.channels) : text(last.out));
  };
  if (layers.size() == 1) {
    if (first.kind == LayerKind::convolution && first.inputs[0] == 0 && first.groups == 1) return key("Conv");
    if (first.kind == LayerKind::global_average_pool) return key("AvgPool2D");
    if (first.kind == LayerKind::fully_connected) return key("Logits");
    if (is_pointwise(first)) return key(first.in.height == 1 && first.in.width == 1 ? "Conv_2" : "Conv_1");
    return "";
  }
  if (layers.size() == 2 && first.kind == LayerKind::global_average_pool && last.kind == LayerKind::fully_connected) {
    return key("Logits");
  }
  const auto block = inverted_residual(layers);
  if (!block) return "";
  const auto with = [&](int expand) {
    return key("expanded_conv") + "-expand:" + std::to_string(expand) + "-kernel:" + std::to_string(block->kernel) +
           "-stride:" + std::to_string(block->stride) + "-idskip:" + std::to_string(block->skip ? 1 : 0);
  };
  if (grammar == OperatorGrammar::ofa_mbv3) {
    return with(block->mid) + "-se:" + std::to_string(block->squeeze ? 1 : 0) +
           "-hs:" + std::to_string(block->swish ? 1 : 0);
  }
  if (block->squeeze || block->swish || block->mid % first.in.channels != 0) return "";
  return with(block->mid / first.in.channels);
}

}  // namespace oneproxy
