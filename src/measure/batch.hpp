#pragma once

#include <string>

#include "oneproxy/base/description.hpp"

namespace oneproxy {

/// The setting that all engines share: images in one inference, 1 to 4,096.
int take_batch(Description& description);
/// ", batch=8"; "" of one image, so that descriptions from before there was the setting stay as they are.
std::string batch_text(int batch);

/// The model for so many images at a time. `onnx` is one that onnx_bytes() made for one image.
std::string with_batch(const std::string& onnx, int batch);

}  // namespace oneproxy
