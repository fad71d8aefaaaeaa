#include "oneproxy/space/onnx_layers.hpp"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/space/onnx.hpp"

namespace oneproxy {
namespace {

constexpr const char* metadata_key = "oneproxy.layers";
constexpr int largest_size = 65'536;  // of an image's side, of channels
constexpr std::int64_t largest_elements = 500'000'000;

/// [kind, name, inputs, [channels, height, width], kernel, stride, padding, groups, first_channel, activation]
nlohmann::json layer_json(const Layer& layer) {
  return nlohmann::json::array({static_cast<int>(layer.kind),
                                layer.name,
                                layer.inputs,
                                {layer.out.channels, layer.out.height, layer.out.width},
                                layer.kernel,
                                layer.stride,
                                layer.padding,
                                layer.groups,
                                layer.first_channel,
                                static_cast<int>(layer.activation)});
}

/// An integer from `low` to `high`.
int bounded(const nlohmann::json& json, int low, int high) {
  const auto value = json.get<std::int64_t>();
  if (!json.is_number_integer() || value < low || value > high) {
    throw InputError("'" + json.dump() + "' is not an integer from " + std::to_string(low) + " to " +
                     std::to_string(high));
  }
  return static_cast<int>(value);
}

std::size_t fewest_inputs(LayerKind kind) {
  if (kind == LayerKind::input) return 0;
  return kind == LayerKind::add || kind == LayerKind::multiply ? 2 : 1;
}

Layer read_layer(const nlohmann::json& json, const Network& before) {
  if (!json.is_array() || json.size() != 10 || json[3].size() != 3) throw InputError("expected 10 fields");
  Layer layer;
  layer.kind = static_cast<LayerKind>(bounded(json[0], 0, static_cast<int>(LayerKind::channel_slice)));
  layer.name = json[1].get<std::string>();
  const int index = static_cast<int>(before.layers.size());
  for (const auto& input : json[2]) layer.inputs.push_back(bounded(input, 0, index - 1));
  const std::size_t fewest = fewest_inputs(layer.kind);
  const bool any_more = layer.kind == LayerKind::concatenation;
  if (layer.inputs.size() < fewest || (layer.inputs.size() > fewest && !any_more) ||
      (layer.kind == LayerKind::input) != (index == 0)) {
    throw InputError("has " + std::to_string(layer.inputs.size()) + " inputs; expected " + std::to_string(fewest));
  }
  layer.out = {bounded(json[3][0], 1, largest_size), bounded(json[3][1], 1, largest_size),
               bounded(json[3][2], 1, largest_size)};
  layer.in = index > 0 ? before.layers[static_cast<std::size_t>(layer.inputs.front())].out : layer.out;
  layer.kernel = bounded(json[4], 1, 1024);
  layer.stride = bounded(json[5], 1, 1024);
  layer.padding = bounded(json[6], 0, layer.kernel);
  layer.groups = bounded(json[7], 1, largest_size);
  layer.first_channel = bounded(json[8], 0, largest_size);
  layer.activation = static_cast<Activation>(bounded(json[9], 0, static_cast<int>(Activation::hard_sigmoid)));
  if (index > 0 && (layer.in.channels % layer.groups != 0 || layer.out.channels % layer.groups != 0)) {
    throw InputError("groups do not divide the channels");
  }
  if (layer.out.elements() > largest_elements || layer.weight_count() > largest_elements) {
    throw InputError("is larger than " + std::to_string(largest_elements) + " values");
  }
  return layer;
}

Network read_layers(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  if (!json.is_array() || json.empty() || json.size() > 100'000) throw InputError("expected a list of layers");
  Network network;
  std::int64_t weight_count = 0;
  for (const auto& entry : json) {
    try {
      network.layers.push_back(read_layer(entry, network));
    } catch (const InputError& error) {
      throw InputError("layer " + std::to_string(network.layers.size()), error.what());
    }
    weight_count += network.layers.back().weight_count();
    if (weight_count > largest_elements) throw InputError("has too many weights");
  }
  return network;
}

/// The model without the values of its weights.
std::string graph_of(onnx::ModelProto model) {
  for (auto& tensor : *model.mutable_graph()->mutable_initializer()) tensor.clear_raw_data();
  return model.SerializeAsString();
}

}  // namespace

std::string onnx_with_layers(const Network& network) {
  nlohmann::json layers = nlohmann::json::array();
  Weights zeros;
  for (const Layer& layer : network.layers) {
    layers.push_back(layer_json(layer));
    zeros.values.emplace_back(static_cast<std::size_t>(layer.weight_count() + layer.bias_count()));
  }
  return onnx_bytes(network, zeros, {{metadata_key, layers.dump()}});
}

Network read_onnx_layers(std::string_view bytes, std::string_view name) {
  onnx::ModelProto model;
  if (bytes.size() > 2'000'000'000 || !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    throw InputError(name, "is not an ONNX model");
  }
  const auto& properties = model.metadata_props();
  const auto found =
      std::ranges::find_if(properties, [](const auto& property) { return property.key() == metadata_key; });
  if (found == properties.end()) {
    throw InputError(name, "is an ONNX model without oneproxy's list of layers; expected one that oneproxy wrote");
  }
  try {
    Network network = read_layers(found->value());
    onnx::ModelProto expected;
    expected.ParseFromString(onnx_with_layers(network));
    if (graph_of(std::move(expected)) != graph_of(std::move(model))) {
      throw InputError("the list and the model's graph differ; expected a model of this version of oneproxy");
    }
    return network;
  } catch (const nlohmann::json::exception&) {
    throw InputError(name, "its list of layers is not the JSON expected");
  } catch (const InputError& error) {
    throw InputError(std::string(name) + ", list of layers", error.what());
  }
}

}  // namespace oneproxy
