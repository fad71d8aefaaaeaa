#include <algorithm>

#include "nn_meter_family.hpp"

// Inverted residual blocks: MobileNet-V3, ProxylessNAS, MnasNet.
namespace oneproxy::nn_meter {
namespace {

struct Block {
  int kernel;
  int expanded;  ///< channels, or a multiple of the input's
  int channels;
  int stride;
  bool squeeze = false;
  Activation activation = Activation::relu;
};

/// Where a block's decisions stand; `tied`: as many channels as go in, so that they can be added.
struct Place {
  std::size_t kernel;
  std::size_t expanded;
  std::size_t channels;
  bool tied;
};

int inverted_residual(NetworkBuilder& net, int from, const Block& block, const std::string& name) {
  const int mid = block.expanded;
  int at = net.convolution(from, mid, 1, 1, 1, block.activation, name + ".expand");
  const Activation after = block.squeeze ? Activation::none : block.activation;
  at = net.convolution(at, mid, block.kernel, block.stride, mid, after, name + ".depthwise");
  if (block.squeeze) {
    int gate = net.global_average_pool(at, name + ".squeeze");
    gate = net.convolution(gate, std::max(1, mid / 4), 1, 1, 1, Activation::relu, name + ".squeeze.reduce");
    gate = net.convolution(gate, mid, 1, 1, 1, Activation::hard_sigmoid, name + ".squeeze.expand");
    at = net.multiply(at, gate, name + ".excite", block.activation);
  }
  at = net.convolution(at, block.channels, 1, 1, 1, Activation::none, name + ".project");
  const bool same = block.stride == 1 && net.shape(from).channels == block.channels;
  return same ? net.add(from, at, name + ".add") : at;
}

/// Adds the decisions of all blocks and the encoding; `first_channels` go into the first block (and are the original
/// ones of the stage before it, where that counts as one).
std::vector<Place> add_blocks(Family& family, const std::vector<Block>& blocks, int first_channels,
                              const std::vector<double>& kernels,
                              const std::function<std::vector<double>(std::size_t)>& expansions) {
  std::vector<Place> places(blocks.size());
  for (std::size_t b = 0; b < blocks.size(); ++b) places[b].kernel = family.add("kernel." + std::to_string(b), kernels);
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    places[b].expanded = family.add("expansion." + std::to_string(b), expansions(b));
  }
  int before = first_channels;
  int into = Family::fixed;  // the decision on the channels that go into a block
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    places[b].tied = blocks[b].stride == 1 && blocks[b].channels == before;
    before = blocks[b].channels;
    int out_of = into;
    if (!places[b].tied) {
      places[b].channels = family.add("channels." + std::to_string(b), widths(blocks[b].channels, steps(0.2, 1.8)));
      out_of = static_cast<int>(places[b].channels);
    }
    family.groups.insert(family.groups.end(),
                         {into, static_cast<int>(places[b].expanded), out_of, static_cast<int>(places[b].kernel)});
    into = out_of;
  }
  family.groups.insert(family.groups.end(), {into, Family::fixed});
  return places;
}

/// The block that an architecture has in place of the original one; `multiple`: expansions are multiples.
Block chosen(const Block& original, const Place& place, const Choice& x, int in, bool multiple) {
  Block block = original;
  block.kernel = x[place.kernel];
  block.expanded = multiple ? in * x[place.expanded] : x[place.expanded];
  block.channels = place.tied ? in : x[place.channels];
  return block;
}

void finish_mobile(NetworkBuilder& net, int at, int features, Activation activation, int classes) {
  at = net.convolution(at, features, 1, 1, 1, activation, "features");
  at = net.global_average_pool(at, "pool");
  net.fully_connected(at, classes, "classifier");
}

constexpr Activation relu = Activation::relu;
constexpr Activation swish = Activation::hard_swish;

const std::vector<Block>& small_blocks() {
  static const std::vector<Block> blocks{
      {3, 16, 16, 2, true, relu},   {3, 72, 24, 2, false, relu},  {3, 88, 24, 1, false, relu},
      {5, 96, 40, 2, true, swish},  {5, 240, 40, 1, true, swish}, {5, 240, 40, 1, true, swish},
      {5, 120, 48, 1, true, swish}, {5, 144, 48, 1, true, swish}, {5, 288, 96, 2, true, swish},
      {5, 576, 96, 1, true, swish}, {5, 576, 96, 1, true, swish}};
  return blocks;
}

const std::vector<Block>& large_blocks() {
  static const std::vector<Block> blocks{
      {3, 16, 16, 1, false, relu},   {3, 64, 24, 2, false, relu},   {3, 72, 24, 1, false, relu},
      {5, 72, 40, 2, true, relu},    {5, 120, 40, 1, true, relu},   {5, 120, 40, 1, true, relu},
      {3, 240, 80, 2, false, swish}, {3, 200, 80, 1, false, swish}, {3, 184, 80, 1, false, swish},
      {3, 184, 80, 1, false, swish}, {3, 480, 112, 1, true, swish}, {3, 672, 112, 1, true, swish},
      {5, 672, 160, 2, true, swish}, {5, 960, 160, 1, true, swish}, {5, 960, 160, 1, true, swish}};
  return blocks;
}

}  // namespace

Family mobilenet_v3(const NnMeterSettings& settings) {
  const auto& blocks = settings.large ? large_blocks() : small_blocks();
  Family family;
  const auto places = add_blocks(family, blocks, 16, {1, 3, 5, 7},
                                 [&](std::size_t b) { return widths(blocks[b].expanded, steps(0.8, 1.8)); });
  family.build = [settings, &blocks, places](const Choice& x) {
    NetworkBuilder net({3, settings.resolution, settings.resolution});
    int at = net.convolution(0, 16, 3, 2, 1, swish, "stem");
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const Block block = chosen(blocks[b], places[b], x, net.shape(at).channels, false);
      at = inverted_residual(net, at, block, "block" + std::to_string(b));
    }
    finish_mobile(net, at, settings.large ? 1280 : 1024, swish, settings.classes);
    return std::move(net).finish();
  };
  return family;
}

Family proxyless_nas(const NnMeterSettings& settings) {
  std::vector<Block> blocks;
  const auto add_stage = [&](int count, int channels, int stride) {
    for (int i = 0; i < count; ++i) {
      blocks.push_back({0, 0, channels, i == 0 ? stride : 1, false, Activation::relu6});
    }
  };
  add_stage(1, 16, 1);
  add_stage(2, 32, 2);
  add_stage(4, 40, 2);
  add_stage(4, 80, 2);
  add_stage(4, 96, 1);
  add_stage(4, 192, 2);
  add_stage(1, 320, 1);
  Family family;
  // The original's first block does not expand.
  const auto places = add_blocks(family, blocks, 32, {3, 5, 7}, [](std::size_t b) {
    return b == 0 ? std::vector<double>{1, 3, 6} : std::vector<double>{3, 6};
  });
  family.build = [settings, blocks, places](const Choice& x) {
    NetworkBuilder net({3, settings.resolution, settings.resolution});
    int at = net.convolution(0, 32, 3, 2, 1, Activation::relu6, "stem");
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const Block block = chosen(blocks[b], places[b], x, net.shape(at).channels, true);
      at = inverted_residual(net, at, block, "block" + std::to_string(b));
    }
    finish_mobile(net, at, 1280, relu, settings.classes);
    return std::move(net).finish();
  };
  return family;
}

Family mnasnet(const NnMeterSettings& settings) {
  // Widths as in nn-Meter's generator, whose stages are shifted by one against the original's strides.
  static const std::vector<Block> blocks{
      {3, 6, 24, 2, false}, {3, 6, 24, 1, false}, {5, 3, 40, 2, true},  {5, 3, 40, 1, true},   {5, 3, 80, 1, true},
      {3, 6, 80, 2, false}, {3, 6, 80, 1, false}, {3, 6, 80, 1, false}, {3, 6, 112, 1, false}, {3, 6, 112, 1, true},
      {3, 6, 160, 1, true}, {5, 6, 160, 2, true}, {5, 6, 160, 1, true}, {5, 6, 320, 1, true}};
  Family family;
  const auto places = add_blocks(family, blocks, 16, {3, 5, 7}, [](std::size_t) {
    return std::vector<double>{3, 4, 6};
  });
  family.build = [settings, places](const Choice& x) {
    NetworkBuilder net({3, settings.resolution, settings.resolution});
    int at = net.convolution(0, 32, 3, 2, 1, relu, "stem");
    at = net.convolution(at, 32, 3, 1, 32, relu, "first.depthwise");
    at = net.convolution(at, 16, 1, 1, 1, Activation::none, "first.project");
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const Block block = chosen(blocks[b], places[b], x, net.shape(at).channels, true);
      at = inverted_residual(net, at, block, "block" + std::to_string(b));
    }
    finish_mobile(net, at, 1280, relu, settings.classes);
    return std::move(net).finish();
  };
  return family;
}

}  // namespace oneproxy::nn_meter
