#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/space/arch_table.hpp"
#include "oneproxy/space/search_space.hpp"
#include "oneproxy/train/images.hpp"

namespace oneproxy {

/// The networks inside a trained supernet. Immutable; safe from any thread.
class Subnets {
 public:
  /// Reads a checkpoint of train_supernet(). Batch normalisation of every network is computed anew on
  /// `recalibration_images` of the training images, evenly spaced.
  /// @throws InputError: the checkpoint is missing, damaged or of another space, the images do not fit the space.
  Subnets(const std::filesystem::path& checkpoint, SpacePtr space, const ImageSet& training_images,
          std::size_t recalibration_images = 256);
  ~Subnets();

  /// Weights of space.network(x), in its order of layers, with batch normalisation folded into them.
  Weights weights(const Architecture& x) const;
  /// Logits (n x classes, row-major) of the recalibration images as the supernet itself computes them, each layer
  /// normalised with the statistics of these very images: what the folded weights must give as well.
  std::vector<float> training_logits(const Architecture& x) const;
  const ImageSet& recalibration_images() const;

  const SpacePtr& space() const;
  /// What the supernet was trained with and how many steps, as text.
  const std::string& training() const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

/// Logits (n x classes, row-major). Pixels / 255 are the input, resized where the images are of another size.
std::vector<float> logits(const Network& network, const Weights& weights, const ImageSet& images);

/// For each image whether the highest logit is its label's.
std::vector<bool> correct(const Network& network, const Weights& weights, const ImageSet& images);
/// Share of correct images in percent.
double accuracy_percent(const Network& network, const Weights& weights, const ImageSet& images);

struct ImageSample;  // image_sample.hpp

/// Accuracies of subnets on `sample`, in percent: the columns "accuracy", and "even" and "odd" for those of the images
/// with an even and an odd number alone (their agreement shows how much of the ranking is chance).
/// The table is written to `file` every few networks; rows that a file of the same supernet and images already has are
/// kept and not evaluated again. The table returned is the file's, the same bytes on any number of threads.
/// @throws InputError where `file` is a table of something else; Stopped where `progress` says so, with the table
/// written.
ArchTable evaluate_subnets(const Subnets& subnets, std::span<const Architecture> xs, const ImageSample& sample,
                           const std::filesystem::path& file, int threads = 1, const ProgressCallback& progress = {});

/// Threads that LibTorch computes with in this thread. Results depend on it by rounding only.
void set_train_threads(int threads);

}  // namespace oneproxy
