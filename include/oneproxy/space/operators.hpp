#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "oneproxy/space/network.hpp"

namespace oneproxy {

/// What counts as one operator of a network.
enum class OperatorGrain {
  /// A run of layers whose names are alike up to the first '.', as the spaces name the layers of a block; a global
  /// average pool and the fully connected layer that follows it are one.
  block,
  layer,  ///< each layer but zeros, which cost nothing
};
/// "block", "layer".
std::string to_string(OperatorGrain grain);

/// Layers begin..end-1 of a network.
struct OperatorSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const OperatorSpan&) const = default;
};

/// The operators of a network in their order: together all its layers but the input (and zeros, of grain layer).
std::vector<OperatorSpan> operator_spans(const Network& network, OperatorGrain grain);

/// Name of an operator's layers up to the first '.', e.g. "block3".
std::string_view operator_block(const Network& network, const OperatorSpan& span);

/// A text without spaces, commas or plus signs that is equal for equal operators, wherever they stand: the input's
/// shape and the layers, e.g. "28x28x40/convolution-120-relu6/convolution-120-k3-g120-relu6/convolution-40/add@0@3"
/// (docs/formats/lookup_table.md).
std::string operator_key(const Network& network, const OperatorSpan& span);

/// The operator as a network of its own, its input being the network's.
/// @throws InputError where the span reads tensors of different shapes from before it, or others read from its middle.
Network operator_network(const Network& network, const OperatorSpan& span);

/// One network after the other. Precondition: `first` puts out what `second` takes in.
Network chain(const Network& first, const Network& second);

/// How the published tables of operators name them.
enum class OperatorGrammar {
  proxylessnas,  ///< ProxylessNAS and Once-for-All's ProxylessNAS networks: expansion as a ratio
  ofa_mbv3,      ///< Once-for-All's MobileNet-V3 networks: channels after expansion, squeeze-and-excite, hard-swish
};

/// The key under which ProxylessNAS's or Once-for-All's code looks an operator up, e.g.
/// "expanded_conv-input:28x28x40-output:28x28x40-expand:3-kernel:3-stride:1-idskip:1"; "" where they have none for it.
std::string published_key(const Network& network, const OperatorSpan& span, OperatorGrammar grammar);

}  // namespace oneproxy
