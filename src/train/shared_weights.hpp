#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/space/search_space.hpp"
#include "oneproxy/train/images.hpp"

namespace oneproxy {

/// The parameters of one layer of the largest network.
struct SharedLayer {
  torch::Tensor weight;  ///< out x in/groups x kernel x kernel, or out x in
  torch::Tensor scale;   ///< of batch normalisation; undefined for a fully-connected layer
  torch::Tensor shift;   ///< of batch normalisation, or the bias of a fully-connected layer
};

/// Statistics of the batch normalisation behind a convolution, over the batch that went through.
struct BatchStatistics {
  torch::Tensor mean;
  torch::Tensor inverse_deviation;  ///< 1 / sqrt(variance + epsilon)
};

/// The weights that all networks of a space share. See train_supernet() for which part a subnet takes.
class SharedWeights {
 public:
  SharedWeights(const SearchSpace& space, std::uint64_t seed);

  /// The same memory with gradients of its own, so that several networks can learn at once.
  SharedWeights alias() const;

  /// The part of the parameters that `layer` of a subnet uses, as views.
  SharedLayer part(const Layer& layer) const;

  /// Logits (n x classes) for images (n x C x H x W), normalised with the statistics of this very batch, which are
  /// appended to `statistics`, one for each convolution, where it is not null.
  torch::Tensor forward(const Network& network, const torch::Tensor& images,
                        std::vector<BatchStatistics>* statistics = nullptr) const;

  /// All tensors by name, e.g. "block3.expand.weight"; they are the parameters themselves, no copies.
  std::map<std::string, torch::Tensor> parameters() const;

 private:
  SharedWeights() = default;

  std::map<std::string, SharedLayer> layers_;
};

/// One layer at a time: `apply(layer index, input)` gives the output of a layer with weights, additions and pooling are
/// done here. Outputs are freed after their last use.
torch::Tensor run_layers(const Network& network, const torch::Tensor& images,
                         const std::function<torch::Tensor(std::size_t, const torch::Tensor&)>& apply);

/// Pixels / 255 of the images named (n x 1 x resolution x resolution, channels last), resized where they are of another
/// size.
torch::Tensor image_tensor(const ImageSet& images, std::span<const std::uint32_t> which, Shape input);
torch::Tensor label_tensor(const ImageSet& images, std::span<const std::uint32_t> which);

/// @throws InputError unless the images can be the input of this network.
void require_fit(const Network& network, const ImageSet& images);

/// A checkpoint file (docs/design/training.md).
struct Checkpoint {
  std::string space;    ///< description
  std::string options;  ///< of the training, as text; compared when it goes on
  std::int64_t step = 0;
  std::map<std::string, torch::Tensor> tensors;
};
void write_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint);
/// @throws InputError: missing, no checkpoint, damaged, of another space than `space`.
Checkpoint read_checkpoint(const std::filesystem::path& file, const SearchSpace& space);
/// Copies the tensors `prefix` + name into `targets`. @throws InputError where one is missing or of another shape.
void restore(const std::filesystem::path& file, const Checkpoint& checkpoint, const std::string& prefix,
             const std::map<std::string, torch::Tensor>& targets);

}  // namespace oneproxy
