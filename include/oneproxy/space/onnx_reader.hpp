#pragma once

#include <filesystem>
#include <string_view>

#include "oneproxy/space/network.hpp"

namespace oneproxy {

/// The layer graph of an ONNX model of one image input and one output, from the operators that a Network has (listed in
/// docs/formats/onnx.md); a batch size of 1 or any. Activations join the layer before them where nothing else reads it,
/// batch normalisation and constant sums after a convolution are its own, layers that the output does not depend on are
/// left out. A fully-connected layer on a flattened image becomes a convolution as large as the image.
/// @throws InputError, starting with `name`, naming the first node that is not supported and what of it.
Network read_onnx_network(std::string_view bytes, std::string_view name);
/// @throws InputError also where the file cannot be read.
Network read_onnx(const std::filesystem::path& file);

}  // namespace oneproxy
