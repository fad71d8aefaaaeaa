#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/train/subnets.hpp"

namespace oneproxy {

/// Images that stand for a larger set.
struct ImageSample {
  ImageSet images;
  std::vector<double> weights;  ///< how many images of the larger set each stands for
  std::string description;  ///< e.g. "2500 of 10000 kept out of training, those on which 24 networks disagree first"
};

/// All images, each standing for itself.
ImageSample whole_sample(ImageSet images);

/// `count` of `images` for estimating the accuracy of many networks. Most images are right or wrong for all networks of
/// a supernet and tell nothing about their order, so images are drawn by strata: the number of `pilots` that classify
/// an image correctly, each stratum as often as its standard deviation demands (Neyman allocation), with at least one
/// image of each. Weights keep the estimate unbiased. The draw depends on the seed alone.
/// @throws InputError where count is 0 or more than there are.
ImageSample informative_sample(const Subnets& subnets, std::span<const Architecture> pilots, const ImageSet& images,
                               std::size_t count, std::uint64_t seed, int threads = 1,
                               const ProgressCallback& progress = {});

/// The same, from the number of pilots that are right on each image; returns numbers of images, ascending by stratum,
/// and their weights, which sum to right_count.size(). Precondition: every right_count <= pilot_count.
struct StratifiedDraw {
  std::vector<std::uint32_t> which;
  std::vector<double> weights;
};
StratifiedDraw stratified_draw(std::span<const int> right_count, int pilot_count, std::size_t count,
                               std::uint64_t seed);

}  // namespace oneproxy
