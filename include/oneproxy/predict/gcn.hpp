#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "oneproxy/predict/mlp.hpp"
#include "oneproxy/predict/predictor.hpp"

namespace oneproxy {

/// An architecture as a graph. Node 0 is the global node, which reads all others; the others stand in an order in which
/// every node follows those that it reads.
struct GcnGraph {
  FeatureMatrix features;               ///< nodes x features
  std::vector<std::vector<int>> reads;  ///< of each node, itself among them, ascending
};

/// How an architecture becomes a graph.
enum class GcnGraphKind {
  cell,    ///< of NAS-Bench-201: input, the six operators and output, one-hot
  layers,  ///< the layers of its network: kind and activation one-hot, and their sizes
};
GcnGraphKind graph_kind_of(const SearchSpace& space);
std::size_t gcn_feature_count(GcnGraphKind kind);
/// Precondition: `kind` is graph_kind_of(space).
GcnGraph gcn_graph(const SearchSpace& space, const Architecture& x, GcnGraphKind kind);

/// A graph convolutional network: each convolution takes the mean of the nodes that a node reads, multiplies it by
/// `weight`, adds `bias` and keeps what is positive; the output is a weighted sum of the global node's last values.
struct GcnModel {
  std::string device = {};       ///< description, "" where it was not told
  std::size_t sample_count = 0;  ///< networks that it was fitted to
  GcnGraphKind kind = GcnGraphKind::layers;
  std::vector<DenseLayer> convolutions;
  DenseLayer output;  ///< one column
};

/// BRP-NAS's predictor (Dudziak et al., NeurIPS 2020), computed without LibTorch. The value predicted for an
/// architecture is the same bits in whatever batch it stands. Immutable; safe from any thread.
class GcnPredictor final : public Predictor {
 public:
  /// @throws InputError where layers do not fit each other or the space's graphs, or a weight is not finite.
  GcnPredictor(SpacePtr space, GcnModel model);
  ~GcnPredictor() override;

  void predict(std::span<const Architecture> xs, std::span<float> out) const override;
  const GcnModel& model() const { return model_; }

 private:
  struct Packed;
  void predict_block(std::span<const GcnGraph> graphs, float* out) const;

  SpacePtr space_;
  GcnModel model_;
  std::unique_ptr<const Packed> packed_;
};

/// docs/formats/predictor.md. @throws InputError where it cannot be written whole.
void save_gcn(const std::filesystem::path& file, const SearchSpace& space, const GcnModel& model);
/// @throws InputError naming file and field: not this format or version, shorter or longer than its header says, or
/// made for another space.
std::shared_ptr<const GcnPredictor> load_gcn(const std::filesystem::path& file, SpacePtr space);

}  // namespace oneproxy
