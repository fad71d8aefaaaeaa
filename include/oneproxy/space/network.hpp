#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace oneproxy {

/// Channels x height x width of one image; the batch size is not part of a network.
struct Shape {
  int channels = 0;
  int height = 0;
  int width = 0;
  std::int64_t elements() const { return std::int64_t{channels} * height * width; }
  bool operator==(const Shape&) const = default;
};

enum class LayerKind : std::uint8_t {
  input,
  convolution,          ///< with bias and zero padding; batch normalisation is folded into the weights
  add,                  ///< element-wise sum of two inputs
  global_average_pool,  ///< to 1 x 1
  fully_connected,      ///< with bias, on a 1 x 1 input
};

enum class Activation : std::uint8_t { none, relu6 };

/// One node of the layer graph.
struct Layer {
  LayerKind kind = LayerKind::input;
  std::string name;
  std::vector<int> inputs;  ///< indices of earlier layers
  Shape in;                 ///< shape of the first input
  Shape out;
  int kernel = 1;
  int stride = 1;
  int padding = 0;
  int groups = 1;  ///< == in.channels: depth-wise
  Activation activation = Activation::none;

  /// Weights (out x in/groups x kernel x kernel) and the biases after them; 0 where a layer has none.
  std::int64_t weight_count() const;
  std::int64_t bias_count() const;
  /// Floating-point operations, one multiply-accumulate being 2.
  std::int64_t flops() const;
  bool operator==(const Layer&) const = default;
};

/// The layer graph of one architecture, in an order in which every layer follows its inputs;
/// layer 0 is the input, the last layer is the output. A value.
struct Network {
  std::vector<Layer> layers;
  bool operator==(const Network&) const = default;
};

/// What a network costs on any device.
struct NetworkCosts {
  double flops = 0;  ///< one multiply-accumulate is 2
  double parameters = 0;
  double bytes = 0;  ///< fp32 bytes moved: each layer reads its inputs and weights and writes its output
  double operational_intensity() const { return bytes > 0 ? flops / bytes : 0; }  ///< FLOPs per byte
  double layers = 0;                                                              ///< layers with arithmetic
  double critical_path = 0;  ///< layers on the longest chain from input to output
  double dense_flops = 0;    ///< of convolutions that are not depth-wise
  double depthwise_flops = 0;
  double fully_connected_flops = 0;
  double other_flops = 0;  ///< additions and pooling
};

NetworkCosts costs(const Network& network);

/// fp32 parameters of a network: one vector for each layer, weights first and biases after them.
struct Weights {
  std::vector<std::vector<float>> values;  ///< values[i].size() == weight_count() + bias_count() of layer i
};

/// He-normal weights and small biases, so that activations keep their size through the network.
Weights random_weights(const Network& network, std::uint64_t seed);

/// Builds networks layer by layer; each call returns the index of the new layer.
class NetworkBuilder {
 public:
  explicit NetworkBuilder(Shape input);
  /// Padding is kernel / 2, so that the output is ceil(size / stride). Precondition: groups divides both channel
  /// counts.
  int convolution(int from, int channels, int kernel, int stride, int groups, Activation activation, std::string name);
  int add(int a, int b, std::string name);
  int global_average_pool(int from, std::string name);
  int fully_connected(int from, int classes, std::string name);
  const Shape& shape(int layer) const { return network_.layers[static_cast<std::size_t>(layer)].out; }
  Network finish() && { return std::move(network_); }

 private:
  int push(Layer layer);
  Network network_;
};

}  // namespace oneproxy
