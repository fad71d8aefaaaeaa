#pragma once

// Multiply-accumulates of the original networks of nn-Meter's families at 224 pixels, counted layer by layer from their
// published descriptions, and their architectures as text.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

namespace oneproxy::hand {

/// "2.2.9" for {{2, 2}, {1, 9}}: how often, which option.
inline std::string dots(std::initializer_list<std::pair<int, int>> options) {
  std::string text;
  for (const auto& [count, option] : options) {
    for (int i = 0; i < count; ++i) text += (text.empty() ? "" : ".") + std::to_string(option);
  }
  return text;
}

constexpr std::int64_t alexnet = 363LL * 64 * 54 * 54 + 25LL * 64 * 192 * 27 * 27 +
                                 9LL * (192 * 384 + 384 * 256 + 256 * 256) * 13 * 13 + 256LL * 4096 + 4096LL * 4096 +
                                 4096LL * 1000;
// Of VGG-16's convolutions as widely published; the classifier follows a global pooling here.
constexpr std::int64_t vgg16 = 15'346'630'656 + 512LL * 4096 + 4096LL * 4096 + 4096LL * 1000;
// As widely published, e.g. by the counters of torchvision's models.
constexpr std::int64_t resnet18 = 1'814'073'344;
constexpr std::int64_t resnet34 = 3'663'761'408;
constexpr std::int64_t resnet50 = 4'089'184'256;
constexpr std::int64_t mobilenet_v1 = 568'740'352;

constexpr std::int64_t googlenet() {
  constexpr int direct[] = {64, 128, 192, 160, 128, 112, 256, 256, 384};
  constexpr int reduce3[] = {96, 128, 96, 112, 128, 144, 160, 160, 192};
  constexpr int conv3[] = {128, 192, 208, 224, 256, 288, 320, 320, 384};
  constexpr int reduce5[] = {16, 32, 16, 24, 24, 32, 32, 32, 48};
  constexpr int conv5[] = {32, 96, 48, 64, 64, 64, 128, 128, 128};
  constexpr int pooled[] = {32, 64, 64, 64, 64, 64, 128, 128, 128};
  std::int64_t total = 147LL * 64 * 112 * 112 + (64LL * 64 + 9 * 64 * 192) * 56 * 56;
  std::int64_t in = 192;
  for (int i = 0; i < 9; ++i) {
    const std::int64_t size = i < 2 ? 28 : i < 7 ? 14 : 7;
    total += (in * (direct[i] + reduce3[i] + reduce5[i] + pooled[i]) + 9LL * reduce3[i] * conv3[i] +
              25LL * reduce5[i] * conv5[i]) *
             size * size;
    in = direct[i] + conv3[i] + conv5[i] + pooled[i];
  }
  return total + in * 1000;
}

constexpr std::int64_t squeezenet() {
  constexpr int squeezed[] = {16, 16, 32, 32, 48, 48, 64, 64};
  std::int64_t total = 147LL * 96 * 112 * 112;
  std::int64_t in = 96;
  for (int i = 0; i < 8; ++i) {
    const std::int64_t size = i < 3 ? 56 : i < 7 ? 28 : 14;
    const std::int64_t s = squeezed[i];
    total += (in * s + s * 4 * s + 9 * s * 4 * s) * size * size;
    in = 8 * s;
  }
  return total + 512LL * 512 * 14 * 14 + 512LL * 1000;
}

/// With a fourth reduction before the pooling, as nn-Meter has it.
constexpr std::int64_t densenet() {
  constexpr int layers[] = {6, 12, 24, 16};
  std::int64_t total = 147LL * 64 * 112 * 112;
  std::int64_t channels = 64;
  std::int64_t size = 56;
  for (const int count : layers) {
    for (int i = 0; i < count; ++i, channels += 32) total += (channels * 128 + 9 * 128 * 32) * size * size;
    total += channels * (channels / 2) * size * size;
    channels /= 2;
    size /= 2;
  }
  return total + channels * 1000;
}

constexpr std::int64_t shufflenet_v2() {
  constexpr int widths[] = {116, 232, 464};
  constexpr int depths[] = {4, 8, 4};
  std::int64_t total = 27LL * 24 * 112 * 112;
  std::int64_t in = 24;
  std::int64_t size = 28;
  for (int s = 0; s < 3; ++s, size /= 2) {
    const std::int64_t half = widths[s] / 2;
    const std::int64_t area = size * size;
    total += (9 * in + in * half) * area + in * half * 4 * area + (9 * half + half * half) * area;
    total += (depths[s] - 1) * (half * half + 9 * half + half * half) * area;
    in = widths[s];
  }
  return total + 464LL * 1024 * 49 + 1024LL * 1000;
}

struct Mobile {
  int kernel, mid, out, stride, squeeze;
};

/// Inverted residual blocks from `in` channels at `size` pixels; with `multiple`, mid is a multiple of the input.
template <std::size_t count>
constexpr std::int64_t mobile_blocks(const Mobile (&blocks)[count], std::int64_t in, std::int64_t size, bool multiple) {
  std::int64_t total = 0;
  for (const auto& [kernel, expansion, out, stride, squeeze] : blocks) {
    const std::int64_t mid = multiple ? in * expansion : expansion;
    total += in * mid * size * size;
    size /= stride;
    total += (static_cast<std::int64_t>(kernel) * kernel * mid + mid * out) * size * size;
    total += squeeze * 2 * mid * (mid / 4);
    in = out;
  }
  return total;
}

constexpr Mobile mobilenet_v3_blocks[] = {{3, 16, 16, 2, 1},  {3, 72, 24, 2, 0},  {3, 88, 24, 1, 0},
                                          {5, 96, 40, 2, 1},  {5, 240, 40, 1, 1}, {5, 240, 40, 1, 1},
                                          {5, 120, 48, 1, 1}, {5, 144, 48, 1, 1}, {5, 288, 96, 2, 1},
                                          {5, 576, 96, 1, 1}, {5, 576, 96, 1, 1}};
constexpr std::int64_t mobilenet_v3 =
    27LL * 16 * 112 * 112 + mobile_blocks(mobilenet_v3_blocks, 16, 112, false) + 96LL * 1024 * 49 + 1024LL * 1000;

constexpr Mobile proxyless_blocks[] = {{3, 1, 16, 1, 0},  {5, 3, 32, 2, 0},  {3, 3, 32, 1, 0},  {7, 3, 40, 2, 0},
                                       {3, 3, 40, 1, 0},  {5, 3, 40, 1, 0},  {5, 3, 40, 1, 0},  {7, 6, 80, 2, 0},
                                       {5, 3, 80, 1, 0},  {5, 3, 80, 1, 0},  {5, 3, 80, 1, 0},  {5, 6, 96, 1, 0},
                                       {5, 3, 96, 1, 0},  {5, 3, 96, 1, 0},  {5, 3, 96, 1, 0},  {7, 6, 192, 2, 0},
                                       {7, 6, 192, 1, 0}, {7, 3, 192, 1, 0}, {7, 3, 192, 1, 0}, {7, 6, 320, 1, 0}};
constexpr std::int64_t proxyless_nas =
    27LL * 32 * 112 * 112 + mobile_blocks(proxyless_blocks, 32, 112, true) + 320LL * 1280 * 49 + 1280LL * 1000;

constexpr Mobile mnasnet_blocks[] = {{3, 6, 24, 2, 0},  {3, 6, 24, 1, 0},  {5, 3, 40, 2, 1},  {5, 3, 40, 1, 1},
                                     {5, 3, 80, 1, 1},  {3, 6, 80, 2, 0},  {3, 6, 80, 1, 0},  {3, 6, 80, 1, 0},
                                     {3, 6, 112, 1, 0}, {3, 6, 112, 1, 1}, {3, 6, 160, 1, 1}, {5, 6, 160, 2, 1},
                                     {5, 6, 160, 1, 1}, {5, 6, 320, 1, 1}};
constexpr std::int64_t mnasnet = (27LL * 32 + 9 * 32 + 32 * 16) * 112 * 112 +
                                 mobile_blocks(mnasnet_blocks, 16, 112, true) + 320LL * 1280 * 49 + 1280LL * 1000;

}  // namespace oneproxy::hand
