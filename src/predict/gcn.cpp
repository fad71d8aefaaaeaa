#include "oneproxy/predict/gcn.hpp"

#include <algorithm>
#include <cassert>

#include "dense.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

void require_fit(const GcnModel& model) {
  if (model.convolutions.empty()) throw InputError("GCN", "has no convolutions");
  auto inputs = static_cast<Eigen::Index>(gcn_feature_count(model.kind));
  const auto check = [&](const DenseLayer& layer, const std::string& where) {
    if (layer.weight.rows() != inputs) {
      throw InputError(where,
                       "has " + std::to_string(layer.weight.rows()) + " inputs; expected " + std::to_string(inputs));
    }
    if (layer.bias.size() != layer.weight.cols()) throw InputError(where, "expected a bias for each output");
    if (!layer.weight.allFinite() || !layer.bias.allFinite()) {
      throw InputError(where, "has a weight that is not finite");
    }
    inputs = layer.weight.cols();
  };
  for (std::size_t i = 0; i < model.convolutions.size(); ++i) {
    check(model.convolutions[i], "GCN, convolution " + std::to_string(i + 1));
  }
  check(model.output, "GCN, output");
  if (inputs != 1) throw InputError("GCN", "has " + std::to_string(inputs) + " outputs; expected 1");
}

/// Buffers that grow once and stay with their thread.
struct Workspace {
  std::vector<float> values;  // of the nodes, `stride` apart
  std::vector<float> means;
};

/// Row `node` of the means: over the rows of `values` that it reads.
void mean_of(const std::vector<int>& reads, const float* values, std::size_t stride, std::size_t width, float* mean) {
  Eigen::Map<Eigen::VectorXf> sum(mean, static_cast<Eigen::Index>(width));
  sum.setZero();
  for (const int node : reads) {
    sum += Eigen::Map<const Eigen::VectorXf>(values + static_cast<std::size_t>(node) * stride, sum.size());
  }
  sum /= static_cast<float>(reads.size());
}

}  // namespace

struct GcnPredictor::Packed {
  std::vector<PackedDense> convolutions;
};

GcnPredictor::GcnPredictor(SpacePtr space, GcnModel model) : space_(std::move(space)), model_(std::move(model)) {
  require_fit(model_);
  if (model_.kind != graph_kind_of(*space_)) throw InputError("GCN", "is of other graphs than those of the space");
  auto packed = std::make_unique<Packed>();
  for (const auto& layer : model_.convolutions) packed->convolutions.emplace_back(layer);
  packed_ = std::move(packed);
}

GcnPredictor::~GcnPredictor() = default;

void GcnPredictor::predict_block(std::span<const GcnGraph> graphs, float* out) const {
  constexpr std::size_t tile = PackedDense::row_tile;
  thread_local Workspace work;
  std::vector<std::size_t> first{0};  // row of each graph's global node
  for (const auto& graph : graphs) first.push_back(first.back() + graph.reads.size());
  auto width = static_cast<std::size_t>(graphs.front().features.cols());
  std::size_t stride = width;
  work.values.clear();
  for (const auto& graph : graphs) {
    work.values.insert(work.values.end(), graph.features.data(), graph.features.data() + graph.features.size());
  }
  for (std::size_t layer = 0; layer < packed_->convolutions.size(); ++layer) {
    const PackedDense& dense = packed_->convolutions[layer];
    // Nothing but the global nodes is read of the last convolution.
    const bool last = layer + 1 == packed_->convolutions.size();
    const std::size_t rows = last ? graphs.size() : first.back();
    const std::size_t padded = (rows + tile - 1) / tile * tile;
    work.means.assign(padded * width, 0);
    std::size_t row = 0;
    for (std::size_t g = 0; g < graphs.size(); ++g) {
      const std::size_t node_count = last ? 1 : graphs[g].reads.size();
      for (std::size_t node = 0; node < node_count; ++node, ++row) {
        mean_of(graphs[g].reads[node], work.values.data() + first[g] * stride, stride, width,
                work.means.data() + row * width);
      }
    }
    work.values.resize(padded * dense.output_stride());
    dense.run(work.means.data(), width, padded, work.values.data());
    stride = dense.output_stride();
    width = static_cast<std::size_t>(model_.convolutions[layer].weight.cols());
  }
  for (std::size_t g = 0; g < graphs.size(); ++g) {
    float sum = model_.output.bias[0];  // in one order, whatever the processor's vectors
    for (std::size_t k = 0; k < width; ++k) {
      sum += work.values[g * stride + k] * model_.output.weight(static_cast<Eigen::Index>(k), 0);
    }
    out[g] = sum;
  }
}

void GcnPredictor::predict(std::span<const Architecture> xs, std::span<float> out) const {
  assert(xs.size() == out.size());
  constexpr std::size_t block_nodes = 4 * PackedDense::row_tile;
  std::vector<GcnGraph> graphs;
  std::size_t nodes = 0;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    graphs.push_back(gcn_graph(*space_, xs[i], model_.kind));
    nodes += graphs.back().reads.size();
    if (nodes < block_nodes && i + 1 < xs.size()) continue;
    predict_block(graphs, out.data() + i + 1 - graphs.size());
    graphs.clear();
    nodes = 0;
  }
}

}  // namespace oneproxy
