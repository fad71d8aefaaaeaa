#include "isolated_kernel.hpp"

#include <algorithm>

namespace oneproxy {
namespace {

std::string shape_text(const Shape& shape) {
  return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" + std::to_string(shape.width);
}

int push(Network& network, Layer layer) {
  layer.name = "layer" + std::to_string(network.layers.size());
  layer.in = network.layers[static_cast<std::size_t>(layer.inputs.front())].out;
  network.layers.push_back(std::move(layer));
  return static_cast<int>(network.layers.size()) - 1;
}

Network network_of_input(const Shape& shape) {
  Network network;
  network.layers.push_back({.kind = LayerKind::input, .name = "input", .inputs = {}, .in = shape, .out = shape});
  return network;
}

/// Adds what makes a tensor of that shape from the input; its index, or nothing.
std::optional<int> push_prelude(Network& network, const Shape& wanted) {
  const Shape have = network.layers.front().out;
  if (wanted == have) return 0;
  int from = 0;
  Shape shape = have;
  if (wanted.height == 1 && wanted.width == 1 && have.height * have.width > 1) {
    shape = {have.channels, 1, 1};
    from = push(network, {.kind = LayerKind::global_average_pool, .name = {}, .inputs = {0}, .in = {}, .out = shape});
  }
  if (shape == wanted) return from;
  const int stride = (shape.height + wanted.height - 1) / wanted.height;
  const auto reached = [&](int size) { return (size - 1) / stride + 1; };
  if (reached(shape.height) != wanted.height || reached(shape.width) != wanted.width) return {};
  return push(
      network,
      {.kind = LayerKind::convolution, .name = {}, .inputs = {from}, .in = {}, .out = wanted, .stride = stride});
}

}  // namespace

std::optional<IsolatedKernel> isolate(const Network& operators, std::span<const int> chain) {
  const auto layer_of = [&](int index) -> const Layer& { return operators.layers[static_cast<std::size_t>(index)]; };
  IsolatedKernel result{network_of_input(layer_of(chain.front()).in), {}};
  // Where the tensors of each shape that others make come from.
  std::vector<std::pair<Shape, int>> sources{{result.network.layers.front().out, 0}};
  const auto source = [&](const Shape& shape) {
    return std::ranges::find(sources, shape, &std::pair<Shape, int>::first);
  };
  for (std::size_t i = 0; i < chain.size(); ++i) {
    for (const int input : layer_of(chain[i]).inputs) {
      const Shape shape = layer_of(input).out;
      if ((i > 0 && input == chain[i - 1]) || source(shape) != sources.end()) continue;
      const auto made = push_prelude(result.network, shape);
      if (!made) return {};
      sources.emplace_back(shape, *made);
      Network alone = network_of_input(sources.front().first);
      push_prelude(alone, shape);
      result.preludes.push_back(
          {"prelude:" + shape_text(sources.front().first) + ":" + shape_text(shape), std::move(alone)});
    }
  }
  int before = 0;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    Layer layer = layer_of(chain[i]);
    for (int& input : layer.inputs) {
      input = i > 0 && input == chain[i - 1] ? before : source(layer_of(input).out)->second;
    }
    before = push(result.network, std::move(layer));
  }
  return result;
}

NamedNetwork network_of_nothing(int operators) {
  NetworkBuilder builder({1, 1, 1});
  for (int i = 0; i < operators; ++i) builder.fully_connected(i, 1, "nothing" + std::to_string(i + 1));
  return {"nothing:" + std::to_string(operators), std::move(builder).finish()};
}

}  // namespace oneproxy
