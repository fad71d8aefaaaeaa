#include "oneproxy/space/net_config.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "widths.hpp"

namespace oneproxy {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(Activation activation) {
  switch (activation) {
    case Activation::relu6:
      return "relu6";
    case Activation::relu:
      return "relu";
    case Activation::hard_swish:
      return "h_swish";
    case Activation::none:
    case Activation::hard_sigmoid:
      break;
  }
  return nullptr;
}

Json name_or_null(Activation activation) {
  const char* name = name_of(activation);
  return name == nullptr ? Json(nullptr) : Json(name);
}

bool is_plain(const Layer& layer) {
  return layer.kind == LayerKind::convolution && layer.groups == 1 && layer.padding == layer.kernel / 2;
}
bool is_pointwise(const Layer& layer) { return is_plain(layer) && layer.kernel == 1 && layer.stride == 1; }
bool is_depthwise(const Layer& layer) {
  return layer.kind == LayerKind::convolution && layer.groups == layer.in.channels &&
         layer.in.channels == layer.out.channels && layer.padding == layer.kernel / 2;
}

/// An inverted residual block.
struct Block {
  int in = 0;
  int mid = 0;
  int out = 0;
  int kernel = 0;
  int stride = 0;
  bool squeeze = false;
  bool shortcut = false;
  Activation activation = Activation::none;
};

/// Reads a network layer by layer; every step stays where it is when the layers are of another form.
class Reader {
 public:
  explicit Reader(const Network& network) : layers_(network.layers) {}

  bool done() const { return at_ == layers_.size(); }
  const Layer* take(bool (*is)(const Layer&)) {
    if (done() || !is(layers_[at_]) || !follows(0)) return nullptr;
    return &layers_[at_++];
  }
  const Layer* take(LayerKind kind) {
    if (done() || layers_[at_].kind != kind || !follows(0)) return nullptr;
    return &layers_[at_++];
  }
  std::optional<Block> take_block();

 private:
  /// Whether the layer `ahead` reads the one before it, as its only or first input.
  bool follows(std::size_t ahead) const {
    const auto& inputs = layers_[at_ + ahead].inputs;
    return !inputs.empty() && static_cast<std::size_t>(inputs.front()) + 1 == at_ + ahead;
  }
  /// Squeeze-and-excite of the published width after the layer before: pool, two convolutions, product.
  bool take_squeeze(int mid);

  const std::vector<Layer>& layers_;
  std::size_t at_ = 1;  // after the input
};

bool Reader::take_squeeze(int mid) {
  if (at_ + 4 > layers_.size() || layers_[at_].kind != LayerKind::global_average_pool) return false;
  const Layer& reduce = layers_[at_ + 1];
  const Layer& gate = layers_[at_ + 2];
  const Layer& excite = layers_[at_ + 3];
  if (!is_pointwise(reduce) || reduce.out.channels != round_width(mid / 4) || reduce.activation != Activation::relu) {
    return false;
  }
  if (!is_pointwise(gate) || gate.out.channels != mid || gate.activation != Activation::hard_sigmoid) return false;
  if (excite.kind != LayerKind::multiply || excite.activation != Activation::none) return false;
  at_ += 4;
  return true;
}

std::optional<Block> Reader::take_block() {
  const std::size_t begin = at_;
  Block block;
  const Layer* expand = nullptr;
  if (at_ + 1 < layers_.size() && is_depthwise(layers_[at_ + 1])) expand = take(is_pointwise);
  const Layer* depthwise = take(is_depthwise);
  if (depthwise == nullptr || (expand != nullptr && expand->activation != depthwise->activation)) {
    at_ = begin;
    return std::nullopt;
  }
  block.in = expand != nullptr ? expand->in.channels : depthwise->in.channels;
  block.mid = depthwise->out.channels;
  block.kernel = depthwise->kernel;
  block.stride = depthwise->stride;
  block.activation = depthwise->activation;
  block.squeeze = take_squeeze(block.mid);
  const Layer* project = take(is_pointwise);
  // A 1 x 1 convolution to as many channels as go in would look like no expansion at all.
  if (project == nullptr || project->activation != Activation::none || (expand != nullptr && block.mid == block.in)) {
    at_ = begin;
    return std::nullopt;
  }
  block.out = project->out.channels;
  if (!done() && layers_[at_].kind == LayerKind::add) {
    block.shortcut = true;
    ++at_;
  }
  return block;
}

Json convolution(const Layer& layer, bool normalised = true) {
  return {{"name", "ConvLayer"},
          {"kernel_size", layer.kernel},
          {"stride", layer.stride},
          {"dilation", 1},
          {"groups", 1},
          {"bias", false},
          {"has_shuffle", false},
          {"in_channels", layer.in.channels},
          {"out_channels", layer.out.channels},
          {"use_bn", normalised},
          {"act_func", name_or_null(layer.activation)},
          {"dropout_rate", 0},
          {"ops_order", "weight_bn_act"}};
}

Json shortcut(const Block& block) {
  if (!block.shortcut) return nullptr;
  return {{"name", "IdentityLayer"}, {"in_channels", block.in}, {"out_channels", block.out},   {"use_bn", false},
          {"act_func", nullptr},     {"dropout_rate", 0},       {"ops_order", "weight_bn_act"}};
}

Json classifier(const Layer& layer) {
  return {{"name", "LinearLayer"},
          {"in_features", layer.in.channels},
          {"out_features", layer.out.channels},
          {"bias", true},
          {"use_bn", false},
          {"act_func", nullptr},
          {"dropout_rate", 0},
          {"ops_order", "weight_bn_act"}};
}

/// Once-for-All's block; a whole expansion is told as one, another as its channels.
Json ofa_block(const Block& block) {
  const bool whole = block.mid % block.in == 0;
  return {{"name", "ResidualBlock"},
          {"conv",
           {{"name", "MBConvLayer"},
            {"in_channels", block.in},
            {"out_channels", block.out},
            {"kernel_size", block.kernel},
            {"stride", block.stride},
            {"expand_ratio", whole ? Json(block.mid / block.in) : Json(static_cast<double>(block.mid) / block.in)},
            {"mid_channels", whole ? Json(nullptr) : Json(block.mid)},
            {"act_func", name_or_null(block.activation)},
            {"use_se", block.squeeze},
            {"groups", nullptr}}},
          {"shortcut", shortcut(block)}};
}

Json proxyless_block(const Block& block) {
  return {{"name", "MobileInvertedResidualBlock"},
          {"mobile_inverted_conv",
           {{"name", "MBInvertedConvLayer"},
            {"in_channels", block.in},
            {"out_channels", block.out},
            {"kernel_size", block.kernel},
            {"stride", block.stride},
            {"expand_ratio", block.mid / block.in}}},
          {"shortcut", shortcut(block)}};
}

}  // namespace

nlohmann::ordered_json net_config(const Network& network) {
  Reader reader(network);
  const Layer* stem = reader.take(is_plain);
  if (stem == nullptr) return nullptr;
  std::vector<Block> blocks;
  while (const auto block = reader.take_block()) blocks.push_back(*block);
  const Layer* features = reader.take(is_pointwise);
  const Layer* pool = reader.take(LayerKind::global_average_pool);
  const Layer* mix = reader.take(is_pointwise);
  const Layer* last = reader.take(LayerKind::fully_connected);
  if (blocks.empty() || features == nullptr || pool == nullptr || last == nullptr || !reader.done()) return nullptr;

  Json list = Json::array();
  if (mix != nullptr) {
    for (const auto& block : blocks) {
      if (name_of(block.activation) == nullptr) return nullptr;
      list.push_back(ofa_block(block));
    }
    return {{"name", "MobileNetV3"},
            {"bn", {{"momentum", 0.1}, {"eps", 1e-5}}},
            {"first_conv", convolution(*stem)},
            {"blocks", list},
            {"final_expand_layer", convolution(*features)},
            {"feature_mix_layer", convolution(*mix, false)},
            {"classifier", classifier(*last)},
            {"image_size", stem->in.width}};
  }
  for (const auto& block : blocks) {
    if (block.squeeze || block.mid % block.in != 0 || block.activation != Activation::relu6) return nullptr;
    list.push_back(proxyless_block(block));
  }
  return {{"name", "ProxylessNASNets"},       {"bn", {{"momentum", 0.1}, {"eps", 1e-3}}},
          {"first_conv", convolution(*stem)}, {"feature_mix_layer", convolution(*features)},
          {"classifier", classifier(*last)},  {"blocks", list},
          {"image_size", stem->in.width}};
}

}  // namespace oneproxy
