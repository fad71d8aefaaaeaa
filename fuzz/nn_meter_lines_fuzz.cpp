#include "content_file.hpp"
#include "oneproxy/data/nn_meter_lines.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return oneproxy::fuzz::read_as_file(
      data, size, ".jsonl", [](const std::filesystem::path& file) { oneproxy::read_nn_meter_lines(file, -1); });
}
