#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "oneproxy/space/network.hpp"

namespace oneproxy {

using Metadata = std::vector<std::pair<std::string, std::string>>;

/// The network as an ONNX model (IR 8, opset 13): input "input" (1 x C x H x W), output "logits" (1 x classes,
/// or an image where the last layer is neither fully connected nor a global pooling).
/// @throws InputError where its weights take more than 2,000 MB.
std::string onnx_bytes(const Network& network, const Weights& weights, const Metadata& metadata = {});
/// @throws InputError where the file cannot be written whole.
void write_onnx(const std::filesystem::path& file, const Network& network, const Weights& weights,
                const Metadata& metadata = {});

}  // namespace oneproxy
