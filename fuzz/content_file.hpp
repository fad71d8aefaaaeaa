#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy::fuzz {

/// Puts the bytes into a file of this process with that ending and reads it; a refusal must be one line.
template <class Reader>
int read_as_file(const std::uint8_t* data, std::size_t size, const char* ending, const Reader& reader) {
  const auto file = std::filesystem::temp_directory_path() / ("oneproxy_fuzz_" + std::to_string(getpid()) + ending);
  write_file(file, std::string_view(reinterpret_cast<const char*>(data), size));
  try {
    reader(file);
  } catch (const InputError& error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) __builtin_trap();
  }
  return 0;
}

}  // namespace oneproxy::fuzz
