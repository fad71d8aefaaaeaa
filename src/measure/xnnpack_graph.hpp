#pragma once

#include <xnnpack.h>

#include <memory>
#include <string>
#include <vector>

#include "oneproxy/space/network.hpp"

namespace oneproxy {

struct XnnSubgraphDelete {
  void operator()(xnn_subgraph_t subgraph) const { xnn_delete_subgraph(subgraph); }
};

/// A network in XNNPACK's terms: images are height x width x channels.
struct XnnpackGraph {
  static constexpr std::uint32_t input_id = 0;
  static constexpr std::uint32_t output_id = 1;
  static constexpr std::size_t extra_floats = XNN_EXTRA_BYTES / sizeof(float);  ///< read and ignored behind a tensor
  std::vector<std::vector<float>> constants;  ///< must outlive the subgraph and what is made of it
  std::unique_ptr<xnn_subgraph, XnnSubgraphDelete> subgraph;
};

/// @throws InputError where XNNPACK refuses a layer, naming it. Precondition: XNNPACK is initialised.
XnnpackGraph build_xnnpack_graph(const Network& network, const Weights& weights, int batch);

/// @throws InputError where XNNPACK refuses `what`.
void require_success(xnn_status status, const std::string& what);

}  // namespace oneproxy
