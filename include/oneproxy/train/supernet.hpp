#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/space/search_space.hpp"
#include "oneproxy/train/images.hpp"

namespace oneproxy {

/// How a supernet is trained. Defaults are justified in docs/design/training.md.
struct SupernetOptions {
  int epochs = 8;
  int batch = 64;
  double learning_rate = 0.05;  ///< highest; a linear start over the first 3% of the steps, then a cosine to 0
  double momentum = 0.9;        ///< Nesterov's
  double weight_decay = 3e-5;
  int random_subnets = 2;  ///< trained in every step beside the largest and the smallest
  /// Share of the largest network's probabilities in what the others of a step learn, the rest being the label; 0 to 1.
  double distillation = 0;
  std::uint64_t seed = 1;
  bool operator==(const SupernetOptions&) const = default;
};

/// Where and how the training runs. What is learnt depends on `initial` alone, and not on the number of threads.
struct SupernetRun {
  std::filesystem::path checkpoint;  ///< written whole or not at all, every `checkpoint_steps` steps and at the end
  std::size_t checkpoint_steps = 200;
  std::filesystem::path initial = {};  ///< checkpoint of another training whose weights to begin with; "": random ones
  bool resume = false;                 ///< go on from `checkpoint` where it exists
  std::size_t until_step = 0;          ///< stop after this step with a checkpoint to go on from; 0: go to the end
  double minutes = 0;                  ///< stop after so long likewise; 0: no limit
  int threads = 1;                     ///< networks that learn at once
};

/// Mean cross-entropy of the subnets of one step.
struct SupernetStep {
  std::size_t step = 0;  ///< from 1
  double loss_largest = 0;
  double loss_smallest = 0;
  double loss_random = 0;  ///< mean over the random subnets; 0 where there are none
};

struct SupernetResult {
  std::size_t steps = 0;  ///< done in all, those before a resume included
  std::size_t total_steps = 0;
  SupernetStep last;
  double seconds = 0;  ///< of this run
};

/// Trains one set of weights for all networks of `space`: a layer of a subnet takes the first output channels, the
/// first input channels and the centre of the kernel of the layer of the same name in the largest network (every
/// decision at its last option). Every step sums the gradients of the largest, the smallest (every decision at its
/// first option) and random subnets on one batch (sandwich rule); with `distillation` all but the largest learn from
/// the largest one's probabilities as well (in-place distillation, Yu and Huang, ICCV 2019). An interrupted training
/// goes on with `resume` and ends with the weights of an uninterrupted one, bit for bit.
/// `on_step` is called after each step; it may be empty.
/// @throws InputError: images that do not fit the space, a checkpoint of another space, data or options, a loss that is
/// not finite. Stopped, with the checkpoint written, where `progress` says so.
SupernetResult train_supernet(const SearchSpace& space, const ImageSet& images, const SupernetOptions& options,
                              const SupernetRun& run, const ProgressCallback& progress = {},
                              const std::function<void(const SupernetStep&)>& on_step = {});

/// The smallest and the largest network of a space: every decision at its first or last option, canonical.
Architecture smallest_architecture(const SearchSpace& space);
Architecture largest_architecture(const SearchSpace& space);

}  // namespace oneproxy
