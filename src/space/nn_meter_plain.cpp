#include <algorithm>
#include <array>

#include "nn_meter_family.hpp"

// Chains of convolutions: AlexNet, VGG, MobileNet-V1.
namespace oneproxy::nn_meter {
namespace {

/// Global pooling, two fully connected layers and the classifier.
void three_fully_connected(NetworkBuilder& net, int at, int first, int second, int classes) {
  at = net.global_average_pool(at, "pool");
  at = net.fully_connected(at, first, "fc1", Activation::relu);
  at = net.fully_connected(at, second, "fc2", Activation::relu);
  net.fully_connected(at, classes, "classifier");
}

}  // namespace

Family alexnet(const NnMeterSettings& settings) {
  static constexpr std::array channels{64, 192, 384, 256, 256, 4096, 4096};
  Family family;
  // The first convolution's own kernel is not one of those that nn-Meter draws.
  for (std::size_t i = 0; i < 5; ++i) {
    family.add("kernel." + std::to_string(i),
               i == 0 ? std::vector<double>{1, 3, 5, 7, 11} : std::vector<double>{1, 3, 5, 7});
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    family.add("channels." + std::to_string(i), widths(channels[i], steps(0.2, 1.8)));
  }
  family.build = [settings](const Choice& x) {
    NetworkBuilder net({3, settings.resolution, settings.resolution});
    int at = net.valid_convolution(0, x[5], x[0], 4, Activation::relu, "conv1");
    at = net.max_pool(at, 3, 2, 1, "pool1");
    at = net.convolution(at, x[6], x[1], 1, 1, Activation::relu, "conv2");
    at = net.max_pool(at, 3, 2, 0, "pool2");
    at = net.convolution(at, x[7], x[2], 1, 1, Activation::relu, "conv3");
    at = net.convolution(at, x[8], x[3], 1, 1, Activation::relu, "conv4");
    at = net.convolution(at, x[9], x[4], 1, 1, Activation::relu, "conv5");
    at = net.max_pool(at, 3, 2, 0, "pool3");
    three_fully_connected(net, at, x[10], x[11], settings.classes);
    return std::move(net).finish();
  };
  return family;
}

Family vgg(const NnMeterSettings& settings) {
  // Convolutions of each stage of the deepest network, and how many of them the others have.
  static constexpr std::array<std::size_t, 5> most{2, 2, 4, 4, 4};
  static constexpr std::array channels{64, 128, 256, 512, 512};
  static constexpr std::size_t convolution_count = 16;
  const auto present = [](int depth, std::size_t stage) -> std::size_t {
    if (stage < 2) return depth == 11 ? 1 : 2;
    return depth == 19 ? 4 : depth == 16 ? 3 : 2;
  };
  Family family;
  std::vector<double> depths{11, 13, 16, 19};
  if (settings.depth != 0) depths = {static_cast<double>(settings.depth)};
  const std::size_t depth = family.add("depth", depths);
  const std::size_t kernels = depth + 1;
  const std::size_t outputs = kernels + convolution_count;
  const std::size_t hidden = outputs + convolution_count;
  for (const std::string name : {"kernel.", "channels."}) {
    for (std::size_t s = 0; s < most.size(); ++s) {
      for (std::size_t i = 0; i < most[s]; ++i) {
        family.add(name + std::to_string(s) + "." + std::to_string(i),
                   name == "kernel." ? std::vector<double>{1, 3, 5, 7} : widths(channels[s], steps(0.2, 1.8)));
      }
    }
  }
  family.add("hidden.0", widths(4096, steps(0.2, 1.8)));
  family.add("hidden.1", widths(4096, steps(0.2, 1.8)));
  family.matters = [=](const Choice& x, std::size_t d) {
    if (d < kernels || d >= hidden) return true;
    std::size_t i = (d - kernels) % convolution_count;
    for (std::size_t s = 0; s < most.size(); i -= most[s++]) {
      if (i < most[s]) return i < present(x[depth], s);
    }
    return false;
  };
  family.build = [=](const Choice& x) {
    NetworkBuilder net({3, settings.resolution, settings.resolution});
    int at = 0;
    std::size_t first = 0;  // convolution of the stage, among all that there may be
    for (std::size_t s = 0; s < most.size(); first += most[s++]) {
      const std::string stage = std::to_string(s + 1);
      for (std::size_t i = 0; i < present(x[depth], s); ++i) {
        at = net.convolution(at, x[outputs + first + i], x[kernels + first + i], 1, 1, Activation::relu,
                             "conv" + stage + "." + std::to_string(i + 1));
      }
      at = net.max_pool(at, 2, 2, 0, "pool" + stage);
    }
    three_fully_connected(net, at, x[hidden], x[hidden + 1], settings.classes);
    return std::move(net).finish();
  };
  return family;
}

Family mobilenet_v1(const NnMeterSettings& settings) {
  static constexpr std::array channels{32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024};
  static constexpr std::array strides{1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1};
  Family family;
  for (std::size_t i = 0; i < strides.size(); ++i) family.add("kernel." + std::to_string(i), {1, 3, 5, 7});
  for (std::size_t i = 0; i < channels.size(); ++i) {
    family.add("channels." + std::to_string(i), widths(channels[i], steps(0.2, 1.8)));
  }
  family.build = [settings](const Choice& x) {
    NetworkBuilder net({3, settings.resolution, settings.resolution});
    // The stem and the first depth-wise convolution share a kernel, as in nn-Meter's generator.
    int at = net.convolution(0, x[strides.size()], x[0], 2, 1, Activation::relu, "stem");
    for (std::size_t b = 0; b < strides.size(); ++b) {
      const std::string name = "block" + std::to_string(b);
      const int in = net.shape(at).channels;
      at = net.convolution(at, in, x[b], strides[b], in, Activation::relu, name + ".depthwise");
      at = net.convolution(at, x[strides.size() + b + 1], 1, 1, 1, Activation::relu, name + ".pointwise");
    }
    at = net.global_average_pool(at, "pool");
    net.fully_connected(at, settings.classes, "classifier");
    return std::move(net).finish();
  };
  return family;
}

}  // namespace oneproxy::nn_meter
