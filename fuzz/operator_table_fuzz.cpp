#include "content_file.hpp"
#include "oneproxy/data/operator_table.hpp"

/// The first byte chooses between YAML and JSON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  return oneproxy::fuzz::read_as_file(data + 1, size - 1, data[0] % 2 == 0 ? ".yaml" : ".json",
                                      [](const std::filesystem::path& file) { oneproxy::read_operator_table(file); });
}
