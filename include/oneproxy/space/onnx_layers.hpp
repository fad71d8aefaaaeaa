#pragma once

#include <string>
#include <string_view>

#include "oneproxy/space/network.hpp"

namespace oneproxy {

/// The network as an ONNX model (onnx_bytes) whose metadata hold its layers too, so that read_onnx_layers() gives them
/// back; all weights are 0. It is the same size as with other weights, but compresses to next to nothing.
std::string onnx_with_layers(const Network& network);

/// The layers of an ONNX model that onnx_with_layers() wrote, with whatever weights in it since.
/// @throws InputError, starting with `name`, where the bytes are no such model, or where its layers and its graph
/// differ.
Network read_onnx_layers(std::string_view bytes, std::string_view name);

}  // namespace oneproxy
