#pragma once

#include <dnnl.hpp>
#include <memory>
#include <span>
#include <vector>

#include "oneproxy/space/network.hpp"

namespace oneproxy {

/// 64-byte aligned memory.
struct AlignedFree {
  void operator()(void* memory) const;
};
using AlignedBytes = std::unique_ptr<std::byte[], AlignedFree>;
AlignedBytes aligned_bytes(std::size_t bytes);

/// A network as a list of oneDNN primitives with all their memory, so that running it allocates nothing.
struct OnednnProgram {
  struct Step {
    dnnl::primitive primitive;
    std::vector<dnnl_exec_arg_t> arguments;
    int layer = 0;  ///< of the network, whose output it helps to make
  };
  std::vector<Step> steps;
  std::vector<dnnl::memory> memories;  ///< what the arguments point to
  std::vector<AlignedBytes> buffers;   ///< activations and the scratchpad
  std::span<float> input;              ///< CHW, image after image
  std::span<float> output;
};

/// For `batch` images at a time. Chooses memory formats, reorders the weights, fuses activations and additions, and
/// plans the buffers.
OnednnProgram build_onednn_program(const Network& network, const Weights& weights, const dnnl::engine& engine,
                                   int batch);

}  // namespace oneproxy
