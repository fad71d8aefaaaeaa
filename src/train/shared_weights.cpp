#include "shared_weights.hpp"

#include <algorithm>

#include "oneproxy/base/error.hpp"
#include "oneproxy/train/supernet.hpp"

namespace oneproxy {
namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;  // oneDNN's fast layout: 2.5 times faster training

Architecture extreme(const SearchSpace& space, bool last) {
  const auto decisions = space.decisions();
  Architecture x(decisions.size());
  for (std::size_t d = 0; last && d < decisions.size(); ++d) {
    x[d] = static_cast<std::uint8_t>(decisions[d].options.size() - 1);
  }
  return space.canonical(x);
}

torch::Tensor parameter(const float* values, torch::IntArrayRef sizes) {
  auto tensor = torch::empty(sizes);
  std::copy_n(values, tensor.numel(), tensor.data_ptr<float>());
  return tensor.requires_grad_();
}

}  // namespace

Architecture smallest_architecture(const SearchSpace& space) { return extreme(space, false); }
Architecture largest_architecture(const SearchSpace& space) { return extreme(space, true); }

SharedWeights::SharedWeights(const SearchSpace& space, std::uint64_t seed) {
  const Network network = space.network(largest_architecture(space));
  const Weights initial = random_weights(network, seed);
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const float* values = initial.values[i].data();
    SharedLayer shared;
    if (layer.kind == LayerKind::convolution) {
      shared.weight =
          parameter(values, {layer.out.channels, layer.in.channels / layer.groups, layer.kernel, layer.kernel});
      shared.scale = torch::ones({layer.out.channels}).requires_grad_();
      shared.shift = torch::zeros({layer.out.channels}).requires_grad_();
    } else if (layer.kind == LayerKind::fully_connected) {
      shared.weight = parameter(values, {layer.out.channels, layer.in.channels});
      shared.shift = torch::zeros({layer.out.channels}).requires_grad_();
    } else {
      continue;
    }
    layers_.emplace(layer.name, std::move(shared));
  }
}

SharedWeights SharedWeights::alias() const {
  const auto leaf = [](const torch::Tensor& tensor) {
    return tensor.defined() ? tensor.detach().requires_grad_() : torch::Tensor();
  };
  SharedWeights result;
  for (const auto& [name, layer] : layers_) {
    result.layers_.emplace(name, SharedLayer{leaf(layer.weight), leaf(layer.scale), leaf(layer.shift)});
  }
  return result;
}

SharedLayer SharedWeights::part(const Layer& layer) const {
  SharedLayer part = layers_.at(layer.name);
  const auto first = [](torch::Tensor tensor, std::int64_t dimension, std::int64_t count) {
    return tensor.size(dimension) == count ? tensor : tensor.narrow(dimension, 0, count);
  };
  part.weight = first(first(part.weight, 0, layer.out.channels), 1, layer.in.channels / layer.groups);
  part.shift = first(part.shift, 0, layer.out.channels);
  if (layer.kind == LayerKind::fully_connected) return part;
  part.scale = first(part.scale, 0, layer.out.channels);
  const std::int64_t margin = (part.weight.size(2) - layer.kernel) / 2;
  if (margin > 0) part.weight = part.weight.narrow(2, margin, layer.kernel).narrow(3, margin, layer.kernel);
  return part;
}

std::map<std::string, torch::Tensor> SharedWeights::parameters() const {
  std::map<std::string, torch::Tensor> result;
  for (const auto& [name, layer] : layers_) {
    result[name + ".weight"] = layer.weight;
    if (layer.scale.defined()) result[name + ".scale"] = layer.scale;
    result[name + ".shift"] = layer.shift;
  }
  return result;
}

torch::Tensor run_layers(const Network& network, const torch::Tensor& images,
                         const std::function<torch::Tensor(std::size_t, const torch::Tensor&)>& apply) {
  const auto& layers = network.layers;
  std::vector<std::size_t> last_use(layers.size(), layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const int input : layers[i].inputs) last_use[static_cast<std::size_t>(input)] = i;
  }
  std::vector<torch::Tensor> outputs(layers.size());
  outputs[0] = images;
  for (std::size_t i = 1; i < layers.size(); ++i) {
    const auto input = [&](std::size_t k) { return outputs[static_cast<std::size_t>(layers[i].inputs[k])]; };
    auto x = input(0);
    switch (layers[i].kind) {
      case LayerKind::add:
        outputs[i] = x + input(1);
        break;
      case LayerKind::global_average_pool:
        // The gradient of a mean is not laid out channels last, and without this no gradient before it would be.
        if (x.requires_grad()) x.register_hook([](torch::Tensor g) { return g.contiguous(kChannelsLast); });
        outputs[i] = x.mean({2, 3});
        break;
      default:
        outputs[i] = apply(i, x);
        // Of one channel a tensor is in both layouts at once, and the first convolution would take the other one.
        if (layers[i].kind == LayerKind::convolution) outputs[i] = outputs[i].contiguous(kChannelsLast);
    }
    for (const int used : layers[i].inputs) {
      if (last_use[static_cast<std::size_t>(used)] == i) outputs[static_cast<std::size_t>(used)].reset();
    }
  }
  return outputs.back();
}

torch::Tensor SharedWeights::forward(const Network& network, const torch::Tensor& images,
                                     std::vector<BatchStatistics>* statistics) const {
  return run_layers(network, images, [&](std::size_t i, const torch::Tensor& x) {
    const Layer& layer = network.layers[i];
    const SharedLayer shared = part(layer);
    if (layer.kind == LayerKind::fully_connected) return torch::linear(x, shared.weight, shared.shift);
    auto y = torch::conv2d(x, shared.weight, {}, layer.stride, layer.padding, 1, layer.groups);
    const auto [normalised, mean, inverse_deviation] =
        torch::native_batch_norm(y.contiguous(kChannelsLast), shared.scale, shared.shift, {}, {}, /*training=*/true,
                                 /*momentum=*/0, /*eps=*/1e-5);
    if (statistics) statistics->push_back({mean, inverse_deviation});
    return layer.activation == Activation::relu6 ? torch::hardtanh(normalised, 0, 6) : normalised;
  });
}

torch::Tensor image_tensor(const ImageSet& images, std::span<const std::uint32_t> which, Shape input) {
  auto tensor = torch::empty({static_cast<std::int64_t>(which.size()), 1, images.height, images.width});
  float* out = tensor.data_ptr<float>();
  for (const auto i : which) {
    for (const auto pixel : images.image(i)) *out++ = static_cast<float>(pixel) / 255.0F;
  }
  if (images.height == input.height && images.width == input.width) return tensor;
  return torch::upsample_bilinear2d(tensor, {input.height, input.width}, /*align_corners=*/false);
}

torch::Tensor label_tensor(const ImageSet& images, std::span<const std::uint32_t> which) {
  auto tensor = torch::empty({static_cast<std::int64_t>(which.size())}, torch::kInt64);
  auto* out = tensor.data_ptr<std::int64_t>();
  for (const auto i : which) *out++ = images.labels[i];
  return tensor;
}

void require_fit(const Network& network, const ImageSet& images) {
  const int channels = network.layers.front().out.channels;
  if (channels != 1) {
    throw InputError("space",
                     "expected channels=1, since IDX images are grey; it has channels=" + std::to_string(channels));
  }
  const int classes = network.layers.back().out.channels;
  const auto highest = std::ranges::max_element(images.labels);
  if (highest != images.labels.end() && *highest >= classes) {
    throw InputError("space", "has " + std::to_string(classes) + " classes, but the images have the label " +
                                  std::to_string(*highest));
  }
}

}  // namespace oneproxy
