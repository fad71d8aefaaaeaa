#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/parallel.hpp"
#include "oneproxy/base/progress.hpp"

namespace oneproxy {

/// parallel_for() that reports how far it is, from the calling thread. Once the callback asks to stop, no further work
/// is begun. @throws Stopped then.
inline void parallel_steps(const std::string& step, std::size_t count, int threads, const ProgressCallback& progress,
                           const std::function<void(std::size_t)>& work) {
  report(progress, {step, 0, count});
  std::atomic<std::size_t> done{0};
  std::atomic<bool> stopped{false};
  const auto caller = std::this_thread::get_id();
  parallel_for(count, threads, [&](std::size_t i) {
    if (stopped) return;
    work(i);
    const std::size_t now = ++done;
    if (std::this_thread::get_id() != caller) return;
    try {
      report(progress, {step, now, count});
    } catch (const Stopped&) {
      stopped = true;
      throw;
    }
  });
}

}  // namespace oneproxy
