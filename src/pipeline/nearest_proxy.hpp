#pragma once

#include <span>
#include <vector>

#include "oneproxy/pipeline/run.hpp"

namespace oneproxy {

/// Section 5.3.1: of several proxies the one that ranks the samples most as the target does.
const Proxy& nearest_proxy(const std::vector<Proxy>& proxies, std::span<const Architecture> samples,
                           std::span<const double> latency_ms, double threshold);

}  // namespace oneproxy
