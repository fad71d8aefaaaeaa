#include "content_file.hpp"
#include "oneproxy/data/import.hpp"

/// Pickles and PyTorch's containers, with every array and frame in them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto space = oneproxy::make_space("nas_bench_201");
  return oneproxy::fuzz::read_as_file(data, size, ".pt", [](const std::filesystem::path& file) {
    oneproxy::describe_file(file);
    oneproxy::import_values({file, {}}, *space, -1);
  });
}
