#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oneproxy/space/network.hpp"

namespace oneproxy {

/// What rules and kernels call an operator: "depthwise_convolution", "relu6" (an activation) or its layer kind.
std::string operator_kind(const Layer& layer);

/// The network as operators: activations become layers of their own, everything else stays.
Network split_activations(const Network& network);

/// Which operators a device runs together with the one before them: first and second operator_kind().
struct FusionRules {
  std::set<std::pair<std::string, std::string>> fused;
  std::set<std::pair<std::string, std::string>> apart;  ///< measured too, and not fused
  bool fuses(const std::string& first, const std::string& second) const { return fused.contains({first, second}); }
  bool operator==(const FusionRules&) const = default;
};

/// Operators that a device runs as one: indices of a network's layers, each the only reader of the one before it.
struct Kernel {
  std::vector<int> layers;
  bool operator==(const Kernel&) const = default;
};

/// What a kernel is asked for: everything that its latency may depend on.
struct KernelConfig {
  static constexpr std::size_t feature_count = 12;
  static const std::array<const char*, feature_count>& feature_names();

  std::string kind;  ///< of its operators, with + between them, e.g. "convolution+relu6"
  std::array<double, feature_count> features{};
  /// Kind and shapes as one word; equal for equal configurations.
  std::string text;
};

/// Splits a network of operators into kernels, every layer but the input in one of them, in order. An operator joins
/// the kernel of one of its inputs (of several the last) where that is the kernel's last operator, nothing else reads
/// it and a rule fuses the two. Precondition: no layer but `activation` has an activation (split_activations()).
std::vector<Kernel> split_kernels(const Network& operators, const FusionRules& rules);

KernelConfig kernel_config(const Network& operators, const Kernel& kernel);

/// split_activations(), split_kernels() and kernel_config() at once.
std::vector<KernelConfig> kernels_of(const Network& network, const FusionRules& rules);

}  // namespace oneproxy
