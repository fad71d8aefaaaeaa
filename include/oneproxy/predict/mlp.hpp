#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "oneproxy/predict/predictor.hpp"
#include "oneproxy/space/onnx.hpp"

namespace oneproxy {

/// One fully-connected layer: y = x weight + bias.
struct DenseLayer {
  FeatureMatrix weight;  ///< inputs x outputs
  Eigen::VectorXf bias;  ///< outputs
};

/// A chain of fully-connected layers on the one-hot encoding, ReLU between them and none after the last, which has
/// one output (the paper's accuracy predictor has four layers). The value predicted for an architecture is the same
/// bits in whatever batch it stands. One thread; no allocation after the first call on each thread.
class MlpPredictor final : public Predictor {
 public:
  /// @throws InputError where the layers do not fit each other, the space's encoding or one output,
  /// or a weight is not finite.
  MlpPredictor(SpacePtr space, std::vector<DenseLayer> layers);
  ~MlpPredictor() override;

  void predict(std::span<const Architecture> xs, std::span<float> out) const override;
  const std::vector<DenseLayer>& layers() const { return layers_; }

 private:
  struct Packed;  // the hidden layers in the order in which the kernel reads them

  SpacePtr space_;
  std::vector<DenseLayer> layers_;
  std::unique_ptr<const Packed> packed_;
};

/// The layers of an MLP and what its file says about it.
struct MlpModel {
  std::vector<DenseLayer> layers;
  Metadata metadata;  ///< "space": description of the space it was trained for; units; how it was trained
};

/// ONNX model (IR 8, opset 13) of Gemm and Relu: input "features" (n x inputs), output "prediction" (n x 1).
/// @throws InputError where the file cannot be written whole.
void write_mlp_onnx(const std::filesystem::path& file, const std::vector<DenseLayer>& layers, const Metadata& metadata);

/// Reads a chain of Gemm and Relu as written above, or by others with transB.
/// @throws InputError naming the file and the node: missing file, no ONNX model, another graph, shapes that do not fit.
MlpModel read_mlp_onnx(const std::filesystem::path& file);

/// Whether a file read as ONNX holds such a chain; false for other graphs. @throws InputError where it is no ONNX file.
bool is_mlp_onnx(const std::filesystem::path& file);

/// What an ONNX file says about itself. @throws InputError where it is no ONNX file.
Metadata read_onnx_metadata(const std::filesystem::path& file);

/// @throws InputError where the metadata name another space than `space`.
void require_space(const std::filesystem::path& file, const Metadata& metadata, const SearchSpace& space);

/// @throws InputError also where the metadata name another space or the input's width is not the encoding's.
std::shared_ptr<const MlpPredictor> load_mlp(const std::filesystem::path& file, SpacePtr space);

}  // namespace oneproxy
