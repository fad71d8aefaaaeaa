#pragma once

#include <string_view>

#include "oneproxy/measure/engine.hpp"

namespace oneproxy {

/// Compares the outputs of `session` with ONNX Runtime's for the same ONNX model and a random input.
/// @throws InputError where the largest difference is over 0.1% of the largest output, telling it, or where there is no
/// ONNX Runtime to compare with.
void require_same_outputs(Session& session, std::string_view onnx, const Network& network, std::string_view engine,
                          int batch);

}  // namespace oneproxy
