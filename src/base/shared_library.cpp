#include "oneproxy/base/shared_library.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>

namespace oneproxy {

SharedLibrary load_shared_library(std::span<const std::string> files,
                                  const std::function<std::string(void* handle)>& use) {
  SharedLibrary library{"", "was not found"};
  const auto note = [&](std::string words) {
    std::ranges::replace(words, '\n', ' ');
    library.problem = "cannot be used: " + words;
  };
  for (const auto& file : files) {
    void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      std::error_code error;
      if (const char* text = dlerror(); std::filesystem::exists(file, error) && text != nullptr) note(text);
      continue;
    }
    const std::string wrong = use(handle);
    if (wrong.empty()) return {file, ""};
    note(file + ": " + wrong);
  }
  return library;
}

}  // namespace oneproxy
