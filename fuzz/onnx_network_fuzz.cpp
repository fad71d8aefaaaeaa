#include <cstdint>
#include <string_view>

#include "oneproxy/base/error.hpp"
#include "oneproxy/space/onnx_reader.hpp"

/// What is not refused is a network whose layers follow their inputs and have sizes; a refusal is one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const oneproxy::Network network =
        oneproxy::read_onnx_network(std::string_view(reinterpret_cast<const char*>(data), size), "input");
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      const auto& layer = network.layers[i];
      if (layer.out.channels < 1 || layer.out.height < 1 || layer.out.width < 1) __builtin_trap();
      for (const int input : layer.inputs) {
        if (input < 0 || static_cast<std::size_t>(input) >= i) __builtin_trap();
      }
    }
    oneproxy::costs(network);
  } catch (const oneproxy::InputError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) __builtin_trap();
  }
  return 0;
}
