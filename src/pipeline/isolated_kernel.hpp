#pragma once

#include <optional>
#include <span>
#include <vector>

#include "oneproxy/space/network_list.hpp"

namespace oneproxy {

/// Operators of a network as a network of their own. Tensors that they read beside the first one's first input are made
/// from that input by `preludes`, which are networks too: their latencies do not belong to the operators.
struct IsolatedKernel {
  Network network;
  std::vector<NamedNetwork> preludes;
};

/// `chain`: layers of a network of operators, each reading the one before it. Nothing where a prelude of one pooling
/// and one convolution cannot make a tensor that they read.
std::optional<IsolatedKernel> isolate(const Network& operators, std::span<const int> chain);

/// So many multiplications of one number, one after the other: what an engine takes for a call and for an operator.
NamedNetwork network_of_nothing(int operators);

}  // namespace oneproxy
