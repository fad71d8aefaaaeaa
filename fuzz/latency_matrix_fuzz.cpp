#include <cstdlib>

#include "content_file.hpp"
#include "oneproxy/data/nn_meter_lines.hpp"

/// CSV: what was read, written and read again is the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return oneproxy::fuzz::read_as_file(data, size, ".csv", [](const std::filesystem::path& file) {
    const auto table = oneproxy::read_latency_matrix(file, {.any_value = true});
    oneproxy::write_latency_matrix(file, table);
    const auto again = oneproxy::read_latency_matrix(file, {.any_value = true});
    if (again.latency_ms.rows() != table.latency_ms.rows() || again.latency_ms.cols() != table.latency_ms.cols()) {
      std::abort();
    }
  });
}
