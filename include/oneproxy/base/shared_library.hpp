#pragma once

#include <functional>
#include <span>
#include <string>

namespace oneproxy {

/// A shared library that was loaded for good, or why there is none.
struct SharedLibrary {
  std::string file;  ///< as it was named; "" where none can be used
  /// "was not found", or "cannot be used: " with the last file that is there and what is wrong with it; one line.
  std::string problem;
};

/// Loads the first of `files` (paths, or names that the system looks for) that `use` accepts: it is given the handle
/// for dlsym() and returns "", or in words what is wrong.
SharedLibrary load_shared_library(std::span<const std::string> files,
                                  const std::function<std::string(void* handle)>& use);

}  // namespace oneproxy
