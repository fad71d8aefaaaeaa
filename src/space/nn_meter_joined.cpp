#include <algorithm>
#include <array>

#include "nn_meter_family.hpp"

// Networks whose branches are joined by channels: GoogLeNet, SqueezeNet, ShuffleNet V2.
namespace oneproxy::nn_meter {

Family googlenet(const NnMeterSettings& settings) {
  struct Width {
    const char* name;
    std::array<int, 9> channels;  // of the nine inception blocks
  };
  static constexpr std::array<Width, 6> branches{{{"direct", {64, 128, 192, 160, 128, 112, 256, 256, 384}},
                                                  {"reduce3", {96, 128, 96, 112, 128, 144, 160, 160, 192}},
                                                  {"conv3", {128, 192, 208, 224, 256, 288, 320, 320, 384}},
                                                  {"reduce5", {16, 32, 16, 24, 24, 32, 32, 32, 48}},
                                                  {"conv5", {32, 96, 48, 64, 64, 64, 128, 128, 128}},
                                                  {"pooled", {32, 64, 64, 64, 64, 64, 128, 128, 128}}}};
  Family family;
  for (const Width& branch : branches) {
    for (std::size_t i = 0; i < branch.channels.size(); ++i) {
      family.add(std::string(branch.name) + "." + std::to_string(i), widths(branch.channels[i], steps(0.2, 1.8)));
    }
  }
  family.build = [settings](const Choice& x) {
    constexpr Activation relu = Activation::relu;
    NetworkBuilder net({3, settings.resolution, settings.resolution});
    int at = net.convolution(0, 64, 7, 2, 1, relu, "stem1");
    at = net.max_pool(at, 3, 2, 1, "pool1");
    at = net.convolution(at, 64, 1, 1, 1, relu, "stem2");
    at = net.convolution(at, 192, 3, 1, 1, relu, "stem3");
    for (std::size_t i = 0; i < 9; ++i) {
      const std::string name = "inception" + std::to_string(i);
      if (i == 0 || i == 2 || i == 7) at = net.max_pool(at, 3, 2, 1, name + ".smaller");
      const auto width = [&](std::size_t branch) { return x[9 * branch + i]; };
      const int direct = net.convolution(at, width(0), 1, 1, 1, relu, name + ".direct");
      int three = net.convolution(at, width(1), 1, 1, 1, relu, name + ".reduce3");
      three = net.convolution(three, width(2), 3, 1, 1, relu, name + ".conv3");
      int five = net.convolution(at, width(3), 1, 1, 1, relu, name + ".reduce5");
      five = net.convolution(five, width(4), 5, 1, 1, relu, name + ".conv5");
      int pooled = net.max_pool(at, 3, 1, 1, name + ".pool");
      pooled = net.convolution(pooled, width(5), 1, 1, 1, relu, name + ".pooled");
      at = net.concatenation({direct, three, five, pooled}, name + ".join");
    }
    at = net.global_average_pool(at, "pool");
    net.fully_connected(at, settings.classes, "classifier");
    return std::move(net).finish();
  };
  return family;
}

Family squeezenet(const NnMeterSettings& settings) {
  static constexpr std::array squeezed{16, 16, 32, 32, 48, 48, 64, 64};  // a quarter of the width of each branch
  Family family;
  for (std::size_t i = 0; i < squeezed.size(); ++i) family.add("kernel." + std::to_string(i), {1, 3, 5, 7});
  for (std::size_t i = 0; i < squeezed.size(); ++i) {
    family.add_factors("factor." + std::to_string(i), with_original(steps(0.2, 1.8)));
  }
  family.build = [settings](const Choice& x) {
    constexpr Activation relu = Activation::relu;
    NetworkBuilder net({3, settings.resolution, settings.resolution});
    int at = net.convolution(0, 96, 7, 2, 1, relu, "stem");
    for (std::size_t i = 0; i < squeezed.size(); ++i) {
      const std::string name = "fire" + std::to_string(i);
      if (i == 0 || i == 3 || i == 7) at = net.max_pool(at, 3, 2, 1, name + ".smaller");
      const double factor = x.factor(squeezed.size() + i);
      const int width = scaled(4 * squeezed[i], factor);
      at = net.convolution(at, scaled(squeezed[i], factor), 1, 1, 1, relu, name + ".squeeze");
      const int one = net.convolution(at, width, 1, 1, 1, relu, name + ".expand1");
      const int other = net.convolution(at, width, x[i], 1, 1, relu, name + ".expand");
      at = net.concatenation({one, other}, name + ".join");
    }
    at = net.convolution(at, 512, 1, 1, 1, relu, "features");
    at = net.global_average_pool(at, "pool");
    net.fully_connected(at, settings.classes, "classifier");
    return std::move(net).finish();
  };
  return family;
}

namespace {

/// A unit of ShuffleNet V2: with stride 1 one half of the channels passes by.
int shuffle_unit(NetworkBuilder& net, int from, int channels, double mid_factor, int kernel, int stride,
                 const std::string& name) {
  constexpr Activation relu = Activation::relu;
  const int half = channels / 2;
  const int mid = scaled(half, mid_factor);
  int by = from;
  int at = from;
  if (stride == 1) {
    at = net.channel_slice(from, 0, half, name + ".split");
    by = net.channel_slice(from, half, half, name + ".by");
  } else {
    const int in = net.shape(from).channels;
    by = net.convolution(from, in, kernel, stride, in, Activation::none, name + ".by.depthwise");
    by = net.convolution(by, half, 1, 1, 1, relu, name + ".by.project");
  }
  at = net.convolution(at, mid, 1, 1, 1, relu, name + ".expand");
  at = net.convolution(at, mid, kernel, stride, mid, Activation::none, name + ".depthwise");
  at = net.convolution(at, half, 1, 1, 1, relu, name + ".project");
  at = net.concatenation(stride == 1 ? std::vector<int>{at, by} : std::vector<int>{by, at}, name + ".join");
  return net.channel_shuffle(at, 2, name + ".shuffle");
}

}  // namespace

Family shufflenet_v2(const NnMeterSettings& settings) {
  static constexpr std::array channels{24, 116, 232, 464, 1024};  // stem, three stages, before the pool
  static constexpr std::array<std::size_t, 3> depths{4, 8, 4};
  static constexpr std::size_t unit_count = 16;
  Family family;
  for (std::size_t i = 0; i < unit_count; ++i) family.add("kernel." + std::to_string(i), {3, 5, 7, 9});
  for (std::size_t i = 0; i < unit_count; ++i) {
    family.add_factors("factor." + std::to_string(i), with_original(steps(0.2, 1.8)));
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    family.add("channels." + std::to_string(i), widths(channels[i], steps(1, 1.8)));
  }
  family.build = [settings](const Choice& x) {
    NetworkBuilder net({3, settings.resolution, settings.resolution});
    // The stem and the first unit share a kernel, as in nn-Meter's generator.
    int at = net.convolution(0, x[2 * unit_count], x[0], 2, 1, Activation::relu, "stem");
    at = net.max_pool(at, 3, 2, 1, "stem.pool");
    std::size_t unit = 0;
    for (std::size_t s = 0; s < depths.size(); ++s) {
      for (std::size_t i = 0; i < depths[s]; ++i, ++unit) {
        at = shuffle_unit(net, at, x[2 * unit_count + s + 1], x.factor(unit_count + unit), x[unit], i == 0 ? 2 : 1,
                          "unit" + std::to_string(unit));
      }
    }
    at = net.convolution(at, x[2 * unit_count + 4], 1, 1, 1, Activation::relu, "features");
    at = net.global_average_pool(at, "pool");
    net.fully_connected(at, settings.classes, "classifier");
    return std::move(net).finish();
  };
  return family;
}

}  // namespace oneproxy::nn_meter
