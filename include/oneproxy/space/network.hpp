#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
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
  average_pool,         ///< kernel x kernel windows; the padding does not count
  activation,           ///< the layer's activation alone, where no convolution goes before it
  scale,                ///< a factor and a summand for each channel: batch normalisation that nothing takes in
  multiply,             ///< element-wise product; the second input is 1 x 1 and multiplies whole channels
  channel_shuffle,      ///< channel g * n + i of `groups` times n moves to i * groups + g
  zero,                 ///< zeros of the input's shape
  max_pool,             ///< kernel x kernel windows; the padding does not count
  concatenation,        ///< the channels of all inputs, one after the other
  channel_slice,        ///< the channels from `first_channel` on, as many as `out` has
};
/// "average_pool" and so on.
std::string to_string(LayerKind kind);

enum class Activation : std::uint8_t { none, relu6, relu, hard_swish, hard_sigmoid };

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
  int groups = 1;         ///< == in.channels: depth-wise
  int first_channel = 0;  ///< of a channel_slice
  /// Of the result; none but for convolution, add, fully_connected, activation, scale and multiply.
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
  double layers = 0;                                                              ///< all but the input and zeros
  double critical_path = 0;  ///< layers on the longest chain from input to output
  double dense_flops = 0;    ///< of convolutions that are not depth-wise
  double depthwise_flops = 0;
  double fully_connected_flops = 0;
  double other_flops = 0;  ///< additions, pooling and the other element-wise layers
};

NetworkCosts costs(const Network& network);

/// @throws InputError "layer kind zero is not supported by ENGINE" for the first layer of one of `unsupported`.
void refuse_layers(const Network& network, std::initializer_list<LayerKind> unsupported, std::string_view engine);

/// fp32 parameters of a network: one vector for each layer, weights first and biases after them.
struct Weights {
  std::vector<std::vector<float>> values;  ///< values[i].size() == weight_count() + bias_count() of layer i
};

/// He-uniform weights and small biases, so that activations keep their size through the network.
Weights random_weights(const Network& network, std::uint64_t seed);

/// Builds networks layer by layer; each call returns the index of the new layer.
class NetworkBuilder {
 public:
  explicit NetworkBuilder(Shape input);
  /// Padding is kernel / 2, so that the output is ceil(size / stride). Precondition: groups divides both channel
  /// counts.
  int convolution(int from, int channels, int kernel, int stride, int groups, Activation activation, std::string name);
  /// Without padding: kernels only where they lie within the image. Precondition: kernel <= height, width.
  int valid_convolution(int from, int channels, int kernel, int stride, Activation activation, std::string name);
  int add(int a, int b, std::string name, Activation activation = Activation::none);
  int global_average_pool(int from, std::string name);
  int fully_connected(int from, int classes, std::string name, Activation activation = Activation::none);
  /// Precondition: padding < kernel.
  int average_pool(int from, int kernel, int stride, int padding, std::string name);
  int max_pool(int from, int kernel, int stride, int padding, std::string name);
  int activation(int from, Activation activation, std::string name);
  int scale(int from, std::string name, Activation activation = Activation::none);
  /// Precondition: `factors` is 1 x 1 with as many channels as `from`.
  int multiply(int from, int factors, std::string name, Activation activation = Activation::none);
  int channel_shuffle(int from, int groups, std::string name);
  int zero(int from, std::string name);
  /// Precondition: at least one, all of one height and width.
  int concatenation(std::vector<int> from, std::string name);
  /// Precondition: first_channel + channels <= channels of `from`.
  int channel_slice(int from, int first_channel, int channels, std::string name);
  const Shape& shape(int layer) const { return network_.layers[static_cast<std::size_t>(layer)].out; }
  Network finish() && { return std::move(network_); }

 private:
  int push(Layer layer);
  int push_same_shape(LayerKind kind, int from, std::string name, Activation activation = Activation::none);
  int push_windows(LayerKind kind, int from, int kernel, int stride, int padding, std::string name);
  Network network_;
};

}  // namespace oneproxy
