#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "oneproxy/predict/predictor.hpp"

namespace oneproxy {

/// The field `format` of a predictor's file, whose whole or first line is JSON; "" for other files. @throws InputError
/// where it cannot be read.
std::string predictor_format(const std::filesystem::path& file);

/// A latency predictor over a space from whatever file it is in (docs/formats/predictor.md): linear, kernels (as
/// forests), GCN, a lookup table, or an MLP as ONNX.
/// @throws InputError naming the file: another kind of file, damaged, or made for another space.
std::shared_ptr<const Predictor> load_latency_predictor(const std::filesystem::path& file, SpacePtr space);

}  // namespace oneproxy
