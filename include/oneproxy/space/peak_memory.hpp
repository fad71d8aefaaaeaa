#pragma once

#include "oneproxy/space/network.hpp"

namespace oneproxy {

/// Megabytes (2^20 bytes) that a network needs to run in fp32: its parameters, and the most that its activations need
/// at a time when layers run in their order, one after the other, and an output is freed after its last use.
double peak_memory_mb(const Network& network);

}  // namespace oneproxy
