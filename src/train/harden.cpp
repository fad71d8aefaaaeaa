#include <algorithm>
#include <cassert>
#include <cmath>

#include "oneproxy/base/rng.hpp"
#include "oneproxy/train/images.hpp"

namespace oneproxy {

void harden(ImageSet& images, const HardenOptions& options, std::uint64_t stream) {
  const int height = images.height;
  const int width = images.width;
  const int side = options.occlusion;
  assert(side <= height && side <= width);
  const auto at = [&](int y, int x) { return static_cast<std::size_t>(y * width + x); };
  const auto below = [](Rng& rng, int n) { return static_cast<int>(rng.below(static_cast<std::uint64_t>(n))); };
  const Rng root = Rng(options.seed).stream(stream);
  std::vector<double> canvas(images.size() > 0 ? images.image(0).size() : 0);
  for (std::size_t i = 0; i < images.size(); ++i) {
    Rng rng = root.stream(i);
    const auto source = images.image(i);
    const int right = below(rng, 2 * options.shift + 1) - options.shift;
    const int down = below(rng, 2 * options.shift + 1) - options.shift;
    const double contrast = options.lowest_contrast + (1 - options.lowest_contrast) * rng.uniform();
    const bool mirrored = rng.below(2) == 1;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const int from_x = (mirrored ? width - 1 - x : x) - right;
        const int from_y = y - down;
        const bool inside = from_x >= 0 && from_y >= 0 && from_x < width && from_y < height;
        canvas[at(y, x)] = inside ? contrast * source[at(from_y, from_x)] : 0;
      }
    }
    const int left = below(rng, width - side + 1);
    const int top = below(rng, height - side + 1);
    for (int y = top; y < top + side; ++y) {
      for (int x = left; x < left + side; ++x) canvas[at(y, x)] = 255 * rng.uniform();
    }
    for (std::size_t k = 0; k < canvas.size(); ++k) {
      const double value = canvas[k] + options.noise * rng.normal();
      images.pixels[i * canvas.size() + k] = static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
    }
  }
}

}  // namespace oneproxy
