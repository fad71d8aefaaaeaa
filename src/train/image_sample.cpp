#include "oneproxy/train/image_sample.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <mutex>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/rng.hpp"
#include "parallel.hpp"

namespace oneproxy {

ImageSample whole_sample(ImageSet images) {
  const std::size_t count = images.size();
  return {std::move(images), std::vector<double>(count, 1.0), std::to_string(count) + " kept out of training"};
}

StratifiedDraw stratified_draw(std::span<const int> right_count, int pilot_count, std::size_t count,
                               std::uint64_t seed) {
  assert(count > 0 && count <= right_count.size());
  std::vector<std::vector<std::uint32_t>> strata(static_cast<std::size_t>(pilot_count) + 1);
  for (std::size_t i = 0; i < right_count.size(); ++i) {
    strata[static_cast<std::size_t>(right_count[i])].push_back(static_cast<std::uint32_t>(i));
  }
  const Rng root(seed);
  std::vector<double> demand;
  double total = 0;
  for (std::size_t s = 0; s < strata.size(); ++s) {
    // The rate of a stratum in which all pilots agree is not exactly 0 or 1 for other networks.
    const double rate = (static_cast<double>(s) + 0.5) / (pilot_count + 1.0);
    demand.push_back(static_cast<double>(strata[s].size()) * std::sqrt(rate * (1 - rate)));
    total += demand.back();
  }
  StratifiedDraw draw;
  std::size_t left = count;
  // From the stratum that demands the largest part of itself, so that what a full stratum cannot take goes to the rest.
  std::vector<std::size_t> order(strata.size());
  for (std::size_t s = 0; s < order.size(); ++s) order[s] = s;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    const auto part = [&](std::size_t s) {
      return strata[s].empty() ? 0.0 : demand[s] / static_cast<double>(strata[s].size());
    };
    return part(a) != part(b) ? part(a) > part(b) : a < b;
  });
  for (const auto s : order) {
    auto& members = strata[s];
    if (members.empty()) continue;
    const auto wanted = static_cast<std::size_t>(std::lround(static_cast<double>(left) * demand[s] / total));
    const std::size_t taken = std::min({std::max<std::size_t>(wanted, 1), members.size()});
    total -= demand[s];
    left -= std::min(left, taken);
    root.stream(s).shuffle(std::span(members));
    for (std::size_t i = 0; i < taken; ++i) {
      draw.which.push_back(members[i]);
      draw.weights.push_back(static_cast<double>(members.size()) / static_cast<double>(taken));
    }
  }
  return draw;
}

ImageSample informative_sample(const Subnets& subnets, std::span<const Architecture> pilots, const ImageSet& images,
                               std::size_t count, std::uint64_t seed, int threads, const ProgressCallback& progress) {
  if (count == 0 || count > images.size()) {
    throw InputError("images", "expected 1 to " + std::to_string(images.size()) + "; got " + std::to_string(count));
  }
  std::vector<int> right_count(images.size(), 0);
  std::mutex mutex;
  const auto chunk = static_cast<std::size_t>(threads);
  for (std::size_t first = 0; first < pilots.size(); first += chunk) {
    const auto part = pilots.subspan(first, std::min(chunk, pilots.size() - first));
    in_parallel(part.size(), threads, [&](std::size_t k) {
      const auto hits = correct(subnets.space()->network(part[k]), subnets.weights(part[k]), images);
      const std::lock_guard lock(mutex);
      for (std::size_t i = 0; i < hits.size(); ++i) right_count[i] += hits[i] ? 1 : 0;
    });
    report(progress, {"finding the images that tell networks apart", first + part.size(), pilots.size()});
  }
  const auto draw = stratified_draw(right_count, static_cast<int>(pilots.size()), count, seed);
  ImageSample sample;
  sample.images = {images.height, images.width, {}, {}};
  for (const auto i : draw.which) {
    const auto pixels = images.image(i);
    sample.images.pixels.insert(sample.images.pixels.end(), pixels.begin(), pixels.end());
    sample.images.labels.push_back(images.labels[i]);
  }
  sample.weights = draw.weights;
  sample.description = std::to_string(draw.which.size()) + " drawn from " + std::to_string(images.size()) +
                       " kept out of training by how many of " + std::to_string(pilots.size()) + " networks are right";
  return sample;
}

}  // namespace oneproxy
