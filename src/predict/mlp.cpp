#include "oneproxy/predict/mlp.hpp"

#include <algorithm>
#include <cassert>
#include <string>

#include "dense.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

/// Buffers that grow once and stay with their thread.
struct Workspace {
  ActiveFeatures active;
  std::vector<float> front;
  std::vector<float> back;
};

/// Sums the rows of `weight` at the ones of each encoding, then the bias; relu where another layer follows.
void first_layer(const DenseLayer& layer, const ActiveFeatures& active, bool relu, std::size_t stride, float* out) {
  for (std::size_t i = 0; i < active.rows(); ++i) {
    Eigen::Map<Eigen::VectorXf> row(out + i * stride, layer.bias.size());
    row = layer.bias;
    for (const auto feature : active.row(i)) row += layer.weight.row(feature).transpose();
    if (relu) row = row.cwiseMax(0.0F);
  }
}

/// Sixteen partial sums, so that the order of additions is the same on every processor.
float dot(const float* x, const float* weight, std::size_t count) {
  constexpr std::size_t lane_count = 16;
  float sums[lane_count] = {};
  std::size_t k = 0;
  for (; k + lane_count <= count; k += lane_count) {
    for (std::size_t lane = 0; lane < lane_count; ++lane) sums[lane] += x[k + lane] * weight[k + lane];
  }
  for (; k < count; ++k) sums[k % lane_count] += x[k] * weight[k];
  float sum = 0;
  for (const float part : sums) sum += part;
  return sum;
}

void require_fit(const SearchSpace& space, const std::vector<DenseLayer>& layers) {
  if (layers.empty()) throw InputError("MLP", "has no layers");
  auto input_count = static_cast<Eigen::Index>(space.feature_count());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string where = "MLP, layer " + std::to_string(i + 1);
    const auto& [weight, bias] = layers[i];
    if (weight.rows() != input_count) {
      throw InputError(where, "has " + std::to_string(weight.rows()) + " inputs; expected " +
                                  std::to_string(input_count) + (i == 0 ? " (the encoding of the space)" : ""));
    }
    if (bias.size() != weight.cols()) {
      throw InputError(
          where, "has " + std::to_string(bias.size()) + " biases for " + std::to_string(weight.cols()) + " outputs");
    }
    if (!weight.allFinite() || !bias.allFinite()) throw InputError(where, "has a weight that is not finite");
    input_count = weight.cols();
  }
  if (input_count != 1) throw InputError("MLP", "has " + std::to_string(input_count) + " outputs; expected 1");
}

}  // namespace

struct MlpPredictor::Packed {
  std::vector<PackedDense> hidden;  // all layers but the first and the last
};

MlpPredictor::MlpPredictor(SpacePtr space, std::vector<DenseLayer> layers)
    : space_(std::move(space)), layers_(std::move(layers)) {
  require_fit(*space_, layers_);
  auto packed = std::make_unique<Packed>();
  for (std::size_t i = 1; i + 1 < layers_.size(); ++i) packed->hidden.emplace_back(layers_[i]);
  packed_ = std::move(packed);
}

MlpPredictor::~MlpPredictor() = default;

void MlpPredictor::predict(std::span<const Architecture> xs, std::span<float> out) const {
  assert(xs.size() == out.size());
  constexpr std::size_t chunk = PackedDense::row_tile;
  thread_local Workspace work;
  const bool one_layer = layers_.size() == 1;
  const auto first_width = static_cast<std::size_t>(layers_.front().bias.size());
  std::size_t widest = first_width;
  for (const auto& layer : packed_->hidden) widest = std::max(widest, layer.output_stride());
  work.front.resize(std::max(work.front.size(), chunk * widest));
  work.back.resize(std::max(work.back.size(), chunk * widest));

  for (std::size_t begin = 0; begin < xs.size(); begin += chunk) {
    const std::size_t count = std::min(chunk, xs.size() - begin);
    work.active.clear();
    space_->active_features(xs.subspan(begin, count), work.active);
    std::size_t stride = first_width;
    first_layer(layers_.front(), work.active, !one_layer, stride, work.front.data());
    // Rows beyond `count` hold whatever an earlier chunk left; nothing reads their results.
    for (const auto& layer : packed_->hidden) {
      layer.run(work.front.data(), stride, chunk, work.back.data());
      stride = layer.output_stride();
      std::swap(work.front, work.back);
    }
    const auto& last = layers_.back();
    for (std::size_t i = 0; i < count; ++i) {
      out[begin + i] = one_layer ? work.front[i]
                                 : dot(work.front.data() + i * stride, last.weight.data(),
                                       static_cast<std::size_t>(last.weight.rows())) +
                                       last.bias[0];
    }
  }
}

std::shared_ptr<const MlpPredictor> load_mlp(const std::filesystem::path& file, SpacePtr space) {
  MlpModel model = read_mlp_onnx(file);
  require_space(file, model.metadata, *space);
  try {
    return std::make_shared<MlpPredictor>(std::move(space), std::move(model.layers));
  } catch (const InputError& error) {
    throw InputError(file.string(), error.what());
  }
}

}  // namespace oneproxy
