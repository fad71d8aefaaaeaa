#pragma once

#include <cstddef>
#include <functional>

namespace oneproxy {

/// work(0) .. work(count - 1), each once, in no certain order, on up to `threads` threads of which the caller's is one.
/// Rethrows the exception of the lowest index that threw, after all threads have ended.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& work);

}  // namespace oneproxy
