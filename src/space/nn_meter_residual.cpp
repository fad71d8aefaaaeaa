#include <algorithm>
#include <array>

#include "nn_meter_family.hpp"

// ResNet, with basic blocks (18, 34) or bottlenecks (50), and DenseNet.
namespace oneproxy::nn_meter {
namespace {

constexpr std::size_t stage_count = 4;
constexpr std::array<std::size_t, stage_count> most_blocks{3, 4, 6, 3};
constexpr std::size_t block_count = 16;

std::size_t blocks_of(int depth, std::size_t stage) { return depth == 18 ? 2 : most_blocks[stage]; }

/// One block; `outer` channels come out of it, rounded down to a multiple of the expansion of a bottleneck.
int residual_block(NetworkBuilder& net, int from, int outer, int kernel, int stride, int expansion,
                   const std::string& name) {
  int out = outer;
  int at = from;
  if (expansion > 1) {
    const int mid = std::max(1, outer / expansion);
    out = mid * expansion;
    at = net.convolution(at, mid, 1, 1, 1, Activation::relu, name + ".reduce");
    at = net.convolution(at, mid, kernel, stride, 1, Activation::relu, name + ".conv");
    at = net.convolution(at, out, 1, 1, 1, Activation::none, name + ".restore");
  } else {
    at = net.convolution(at, out, kernel, stride, 1, Activation::relu, name + ".conv1");
    at = net.convolution(at, out, kernel, 1, 1, Activation::none, name + ".conv2");
  }
  int shortcut = from;
  if (stride != 1 || net.shape(from).channels != out) {
    shortcut = net.convolution(from, out, 1, stride, 1, Activation::none, name + ".shortcut");
  }
  return net.add(at, shortcut, name + ".add", Activation::relu);
}

}  // namespace

Family resnet(const NnMeterSettings& settings) {
  Family family;
  std::vector<double> depths{18, 34, 50};
  if (settings.depth != 0) depths = {static_cast<double>(settings.depth)};
  const std::size_t depth = family.add("depth", depths);
  const std::size_t kernels = depth + 1;
  const std::size_t expansions = kernels + block_count;
  const std::size_t factors = expansions + block_count;
  for (std::size_t b = 0; b < block_count; ++b) family.add("kernel." + std::to_string(b), {3, 5, 7});
  // nn-Meter multiplies the original 4 by 2 or 4.
  for (std::size_t b = 0; b < block_count; ++b) family.add("expansion." + std::to_string(b), {4, 8, 16});
  for (std::size_t s = 0; s < stage_count; ++s) {
    family.add_factors("factor." + std::to_string(s), with_original(steps(0.2, 1.2)));
  }
  family.matters = [=](const Choice& x, std::size_t d) {
    if (d < kernels) return true;
    const bool bottleneck = x[depth] == 50;
    // The first stage of basic blocks adds up with the stem's 64 channels.
    if (d >= factors) return d > factors || bottleneck;
    if (d >= expansions && !bottleneck) return false;
    std::size_t block = (d - kernels) % block_count;
    std::size_t stage = 0;
    while (block >= most_blocks[stage]) block -= most_blocks[stage++];
    return block < blocks_of(x[depth], stage);
  };
  family.build = [=](const Choice& x) {
    const bool bottleneck = x[depth] == 50;
    NetworkBuilder net({3, settings.resolution, settings.resolution});
    int at = net.convolution(0, 64, 7, 2, 1, Activation::relu, "stem");
    at = net.max_pool(at, 3, 2, 1, "stem.pool");
    std::size_t first = 0;
    for (std::size_t s = 0; s < stage_count; first += most_blocks[s++]) {
      for (std::size_t i = 0; i < blocks_of(x[depth], s); ++i) {
        int outer = net.shape(at).channels;
        if (i == 0 && (s > 0 || bottleneck)) outer = scaled((bottleneck ? 256 : 64) << s, x.factor(factors + s));
        at = residual_block(net, at, outer, x[kernels + first + i], i == 0 && s > 0 ? 2 : 1,
                            bottleneck ? x[expansions + first + i] : 1,
                            "stage" + std::to_string(s + 1) + "." + std::to_string(i + 1));
      }
    }
    at = net.global_average_pool(at, "pool");
    net.fully_connected(at, settings.classes, "classifier");
    return std::move(net).finish();
  };
  return family;
}

Family densenet(const NnMeterSettings& settings) {
  static constexpr std::array<std::size_t, 4> layers{6, 12, 24, 16};
  static constexpr std::size_t layer_count = 58;
  Family family;
  for (std::size_t i = 0; i < layer_count; ++i) family.add("kernel." + std::to_string(i), {1, 3, 5});
  for (std::size_t i = 0; i < layer_count; ++i) {
    family.add("growth." + std::to_string(i), widths(32, steps(0.2, 1.2)));
  }
  family.build = [settings](const Choice& x) {
    NetworkBuilder net({3, settings.resolution, settings.resolution});
    int at = net.convolution(0, 64, 7, 2, 1, Activation::relu, "stem");
    at = net.max_pool(at, 3, 2, 1, "stem.pool");
    std::size_t index = 0;
    for (std::size_t s = 0; s < layers.size(); ++s) {
      const std::string stage = "stage" + std::to_string(s + 1);
      for (std::size_t i = 0; i < layers[s]; ++i, ++index) {
        const std::string name = stage + "." + std::to_string(i + 1);
        const int growth = x[layer_count + index];
        int grown = net.scale(at, name + ".norm", Activation::relu);
        grown = net.convolution(grown, 4 * growth, 1, 1, 1, Activation::relu, name + ".reduce");
        grown = net.convolution(grown, growth, x[index], 1, 1, Activation::none, name + ".grow");
        at = net.concatenation({at, grown}, name + ".join");
      }
      at = net.scale(at, stage + ".norm", Activation::relu);
      at = net.convolution(at, std::max(1, net.shape(at).channels / 2), 1, 1, 1, Activation::none, stage + ".halve");
      // ceil(size / 2), as with nn-Meter's padding. One pixel has nothing to pool.
      if (net.shape(at).height > 1) at = net.average_pool(at, 2, 2, net.shape(at).height % 2, stage + ".pool");
    }
    at = net.global_average_pool(at, "pool");
    net.fully_connected(at, settings.classes, "classifier");
    return std::move(net).finish();
  };
  return family;
}

}  // namespace oneproxy::nn_meter
