#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "oneproxy/predict/gcn.hpp"
#include "oneproxy/space/nas_bench_201.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t cell_features = 3 + NasBench201::operator_count;  // global, input, output, operators

GcnGraph empty_graph(std::size_t nodes, std::size_t features) {
  GcnGraph graph{FeatureMatrix::Zero(static_cast<Eigen::Index>(nodes), static_cast<Eigen::Index>(features)),
                 std::vector<std::vector<int>>(nodes)};
  graph.reads[0].resize(nodes);
  std::iota(graph.reads[0].begin(), graph.reads[0].end(), 0);
  return graph;
}

/// Global node, input, the operators of the edges, output.
GcnGraph cell_graph(const Architecture& x) {
  constexpr std::size_t edge_count = NasBench201::edge_count;
  constexpr int output = static_cast<int>(edge_count) + 2;
  GcnGraph graph = empty_graph(edge_count + 3, cell_features);
  graph.features(0, 0) = graph.features(1, 1) = graph.features(output, 2) = 1;
  graph.reads[1] = {1};
  const auto node = [](std::size_t edge) { return static_cast<int>(edge) + 2; };
  for (std::size_t edge = 0; edge < edge_count; ++edge) {
    graph.features(node(edge), 3 + x[edge]) = 1;
    auto& reads = graph.reads[static_cast<std::size_t>(node(edge))];
    const auto [from, to] = NasBench201::edges[edge];
    if (from == 0) reads.push_back(1);
    for (std::size_t before = 0; before < edge_count; ++before) {
      if (NasBench201::edges[before].to == from) reads.push_back(node(before));
    }
    reads.push_back(node(edge));
    std::ranges::sort(reads);
    if (to == 3) graph.reads[static_cast<std::size_t>(output)].push_back(node(edge));
  }
  graph.reads[static_cast<std::size_t>(output)].push_back(output);
  return graph;
}

constexpr std::size_t kind_count = static_cast<std::size_t>(LayerKind::channel_slice) + 2;  // and depth-wise
constexpr std::size_t activation_count = static_cast<std::size_t>(Activation::hard_sigmoid) + 1;
constexpr std::size_t size_count = 9;
constexpr std::size_t layer_features = 1 + kind_count + activation_count + size_count;

/// Zero to about one over the sizes that networks have.
float log_share(double value, double largest) { return static_cast<float>(std::log2(1 + value) / std::log2(largest)); }

GcnGraph layer_graph(const Network& network) {
  const std::size_t nodes = network.layers.size() + 1;
  GcnGraph graph = empty_graph(nodes, layer_features);
  constexpr Eigen::Index sizes = 1 + kind_count + activation_count;
  const auto set_sizes = [&](Eigen::Index node, std::initializer_list<float> values) {
    std::ranges::copy(values, graph.features.row(node).data() + sizes);
  };
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const auto node = static_cast<Eigen::Index>(i) + 1;
    const bool depthwise = layer.groups > 1 && layer.groups == layer.in.channels;
    graph.features(
        node, 1 + (depthwise ? static_cast<Eigen::Index>(kind_count) - 1 : static_cast<Eigen::Index>(layer.kind))) = 1;
    graph.features(node, 1 + static_cast<Eigen::Index>(kind_count) + static_cast<Eigen::Index>(layer.activation)) = 1;
    double elements = static_cast<double>(layer.out.elements());
    auto& reads = graph.reads[i + 1];
    for (const int input : layer.inputs) {
      elements += static_cast<double>(network.layers[static_cast<std::size_t>(input)].out.elements());
      reads.push_back(input + 1);
    }
    reads.push_back(static_cast<int>(node));
    std::ranges::sort(reads);
    reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
    set_sizes(node, {log_share(layer.in.channels, 4096), log_share(layer.out.channels, 4096),
                     log_share(layer.out.height, 256), static_cast<float>(layer.kernel) / 7,
                     static_cast<float>(layer.stride) / 2, log_share(layer.groups, 4096),
                     log_share(static_cast<double>(layer.flops()), 1e10), log_share(elements, 1e7),
                     log_share(static_cast<double>(layer.weight_count()), 1e7)});
  }
  // A mean over nodes forgets how many there are and how much they do in all: the global node knows.
  const NetworkCosts total = costs(network);
  graph.features(0, 0) = 1;
  set_sizes(0, {static_cast<float>(total.layers / 100), static_cast<float>(total.critical_path / 100), 0, 0, 0, 0,
                log_share(total.flops, 1e10), log_share(total.bytes, 1e9), log_share(total.parameters, 1e7)});
  return graph;
}

}  // namespace

GcnGraphKind graph_kind_of(const SearchSpace& space) {
  return dynamic_cast<const NasBench201*>(&space) != nullptr ? GcnGraphKind::cell : GcnGraphKind::layers;
}

std::size_t gcn_feature_count(GcnGraphKind kind) { return kind == GcnGraphKind::cell ? cell_features : layer_features; }

GcnGraph gcn_graph(const SearchSpace& space, const Architecture& x, GcnGraphKind kind) {
  assert(kind == graph_kind_of(space));
  return kind == GcnGraphKind::cell ? cell_graph(x) : layer_graph(space.network(x));
}

}  // namespace oneproxy
