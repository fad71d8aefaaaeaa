#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace oneproxy {

/// How far a long step has come.
struct Progress {
  std::string_view step;  ///< a few words for people, e.g. "measuring"
  std::size_t done = 0;
  std::size_t total = 0;
};

/// Called from the calling thread; returning false stops the step (it throws Stopped).
using ProgressCallback = std::function<bool(const Progress&)>;

/// Calls `callback` if there is one; throws Stopped where it returns false.
void report(const ProgressCallback& callback, const Progress& progress);

}  // namespace oneproxy
