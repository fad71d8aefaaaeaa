#include "oneproxy/base/shared_library.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

TEST(SharedLibrary, TheFirstThatCanBeUsedIsTakenAndOtherwiseItIsSaidWhyNone) {
  const auto has = [](const char* name) {
    return [name](void* handle) { return std::string(dlsym(handle, name) != nullptr ? "" : "lacks a function"); };
  };
  const std::vector<std::string> absent{"/none/libnone.so", "libnone-of-that-name.so"};
  EXPECT_EQ(load_shared_library(absent, has("printf")).problem, "was not found");
  EXPECT_EQ(load_shared_library({}, has("printf")).problem, "was not found");

  const std::string broken =
      (std::filesystem::temp_directory_path() / ("oneproxy-broken-" + std::to_string(getpid()) + ".so")).string();
  write_file(broken, "no library\n");
  const std::vector<std::string> files{"/none/libnone.so", broken, "libm.so.6", "libc.so.6"};
  const SharedLibrary refused = load_shared_library(std::span(files).first(2), has("printf"));
  EXPECT_EQ(refused.file, "");
  EXPECT_TRUE(refused.problem.starts_with("cannot be used: " + broken)) << refused.problem;
  EXPECT_EQ(load_shared_library(std::span(files).first(3), has("no_function_of_that_name")).problem,
            "cannot be used: libm.so.6: lacks a function");
  const SharedLibrary found = load_shared_library(files, [](void* handle) {
    // A name that only the C library defines; dlsym() also searches what a library itself needs.
    return std::string(dlsym(handle, "gnu_get_libc_version") != nullptr && dlsym(handle, "cos") == nullptr ? ""
                                                                                                           : "not it");
  });
  EXPECT_EQ(found.file, "libc.so.6");
  EXPECT_EQ(found.problem, "");
  std::filesystem::remove(broken);
}

}  // namespace
}  // namespace oneproxy
