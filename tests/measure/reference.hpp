#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "oneproxy/space/network.hpp"

namespace oneproxy::testing {

/// The output of a network by the definitions of its layers, in double precision and without any cleverness.
inline std::vector<double> reference_output(const Network& network, const Weights& weights,
                                            std::span<const float> input) {
  std::vector<std::vector<double>> values;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const auto& parameters = weights.values[i];
    std::vector<double> out(static_cast<std::size_t>(layer.out.elements()));
    const auto& in = [&]() -> const std::vector<double>& { return values[layer.inputs[0]]; };
    switch (layer.kind) {
      case LayerKind::input:
        out.assign(input.begin(), input.end());
        break;
      case LayerKind::add:
        for (std::size_t k = 0; k < out.size(); ++k) out[k] = in()[k] + values[layer.inputs[1]][k];
        break;
      case LayerKind::global_average_pool: {
        const int area = layer.in.height * layer.in.width;
        for (std::size_t k = 0; k < in().size(); ++k) out[k / area] += in()[k] / area;
        break;
      }
      case LayerKind::average_pool:
      case LayerKind::max_pool:
        for (int c = 0; c < layer.out.channels; ++c) {
          for (int y = 0; y < layer.out.height; ++y) {
            for (int x = 0; x < layer.out.width; ++x) {
              double sum = 0;
              double largest = -std::numeric_limits<double>::infinity();
              int area = 0;
              for (int k = 0; k < layer.kernel * layer.kernel; ++k) {
                const int sy = y * layer.stride + k / layer.kernel - layer.padding;
                const int sx = x * layer.stride + k % layer.kernel - layer.padding;
                if (sy < 0 || sx < 0 || sy >= layer.in.height || sx >= layer.in.width) continue;
                const double value = in()[(c * layer.in.height + sy) * layer.in.width + sx];
                sum += value;
                largest = std::max(largest, value);
                ++area;
              }
              out[(c * layer.out.height + y) * layer.out.width + x] =
                  layer.kind == LayerKind::max_pool ? largest : sum / area;
            }
          }
        }
        break;
      case LayerKind::activation:
        out = in();
        break;
      case LayerKind::scale:
      case LayerKind::multiply: {
        const int area = layer.in.height * layer.in.width;
        for (std::size_t k = 0; k < out.size(); ++k) {
          out[k] = layer.kind == LayerKind::multiply
                       ? in()[k] * values[layer.inputs[1]][k / area]
                       : in()[k] * parameters[k / area] + parameters[layer.out.channels + k / area];
        }
        break;
      }
      case LayerKind::channel_shuffle: {
        const int area = layer.in.height * layer.in.width;
        const int part = layer.in.channels / layer.groups;
        for (int c = 0; c < layer.in.channels; ++c) {
          const int to = c % part * layer.groups + c / part;
          std::copy_n(in().begin() + c * area, area, out.begin() + to * area);
        }
        break;
      }
      case LayerKind::zero:
        break;
      case LayerKind::concatenation: {
        auto to = out.begin();
        for (const int part : layer.inputs) to = std::copy(values[part].begin(), values[part].end(), to);
        break;
      }
      case LayerKind::channel_slice:
        std::copy_n(in().begin() + std::int64_t{layer.first_channel} * layer.in.height * layer.in.width, out.size(),
                    out.begin());
        break;
      case LayerKind::convolution:
      case LayerKind::fully_connected: {
        const int in_per_group = layer.in.channels / layer.groups;
        const int out_per_group = layer.out.channels / layer.groups;
        const int kernel = layer.kernel;
        for (int c = 0; c < layer.out.channels; ++c) {
          for (int y = 0; y < layer.out.height; ++y) {
            for (int x = 0; x < layer.out.width; ++x) {
              double sum = parameters[layer.weight_count() + c];
              for (int d = 0; d < in_per_group; ++d) {
                for (int ky = 0; ky < kernel; ++ky) {
                  for (int kx = 0; kx < kernel; ++kx) {
                    const int sy = y * layer.stride + ky - layer.padding;
                    const int sx = x * layer.stride + kx - layer.padding;
                    if (sy < 0 || sx < 0 || sy >= layer.in.height || sx >= layer.in.width) continue;
                    const int channel = c / out_per_group * in_per_group + d;
                    sum += in()[(channel * layer.in.height + sy) * layer.in.width + sx] *
                           static_cast<double>(parameters[((c * in_per_group + d) * kernel + ky) * kernel + kx]);
                  }
                }
              }
              out[(c * layer.out.height + y) * layer.out.width + x] = sum;
            }
          }
        }
        break;
      }
    }
    for (double& value : out) {
      const double gate = std::clamp(value / 6 + 0.5, 0.0, 1.0);
      if (layer.activation == Activation::relu6) value = std::clamp(value, 0.0, 6.0);
      if (layer.activation == Activation::relu) value = std::max(value, 0.0);
      if (layer.activation == Activation::hard_swish) value *= gate;
      if (layer.activation == Activation::hard_sigmoid) value = gate;
    }
    values.push_back(std::move(out));
  }
  return values.back();
}

/// Largest difference relative to the largest value of the reference.
template <class Values, class Reference>
double relative_error(const Values& values, const Reference& reference) {
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(reference[i])));
    difference = std::max(difference, std::abs(static_cast<double>(values[i]) - static_cast<double>(reference[i])));
  }
  return difference / largest;
}

}  // namespace oneproxy::testing
