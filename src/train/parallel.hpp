#pragma once

#include <cstddef>
#include <functional>

namespace oneproxy {

/// work(0) .. work(count - 1) on several threads, each with LibTorch on one, so that what a piece of work computes does
/// not depend on their number. Rethrows the first exception by the number of its piece of work.
void in_parallel(std::size_t count, int threads, const std::function<void(std::size_t)>& work);

}  // namespace oneproxy
