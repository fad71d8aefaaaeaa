#pragma once

#include <initializer_list>
#include <utility>
#include <vector>

#include "onednn_graph.hpp"

namespace oneproxy {

/// Turns a network into a OnednnProgram, layer by layer; used once.
class OnednnProgramBuilder {
 public:
  OnednnProgramBuilder(const Network& network, const Weights& weights, const dnnl::engine& engine, int batch);
  OnednnProgram build();

 private:
  using memory = dnnl::memory;
  using Format = memory::format_tag;
  static constexpr auto f32 = memory::data_type::f32;
  static constexpr int no_layer = -1;

  struct Value {
    memory data;
    std::size_t buffer = 0;
  };
  struct Elementwise {
    dnnl::algorithm algorithm;
    float alpha;
    float beta;
  };

  memory::dims image_dims(const Shape& shape) const { return {batch_, shape.channels, shape.height, shape.width}; }
  int count() const { return static_cast<int>(layers_.size()); }
  const memory& input(std::size_t k) const { return values_[layers_[now_].inputs[k]].data; }

  /// Which convolutions run as part of a later addition, and until when each value is needed.
  void plan();
  /// A value that lives until step `last_use`, in the smallest buffer that is free by now.
  Value allocate(const memory::desc& desc, int last_use);
  memory keep(memory data);
  void emit(dnnl::primitive primitive, std::initializer_list<std::pair<int, memory>> arguments,
            const memory::desc& scratchpad);
  void emit_reorder(const memory& from, const memory& to);
  /// The value in the wanted format, through a reorder step where it has another.
  memory in_format(const memory& data, const memory::desc& wanted);
  /// Constant data in the format that a primitive asked for; reordered now, once.
  memory constant(const float* values, const memory::desc& plain, const memory::desc& wanted);
  /// An activation as oneDNN's functions, one after the other.
  static std::vector<Elementwise> elementwise(Activation activation);
  static dnnl::primitive_attr attributes(Activation activation = Activation::none, bool sum = false);
  /// Whether the sum may be computed where `residual` lies: nobody reads that value afterwards or meanwhile.
  bool may_overwrite(int residual, int convolution_layer) const;

  // Each adds the steps of the layer being built and sets its value.
  void layer();
  /// Convolution `index` with its activation; with the sum with layer `residual` in the same primitive if there is one.
  void convolution(int index, Activation activation, int residual);
  void addition();
  /// `left` and `right`, which may be 1 x 1 for each of its channels, combined.
  void binary(dnnl::algorithm algorithm, const memory& left, const memory& right);
  void global_average_pool();
  void fully_connected();
  void pool(dnnl::algorithm algorithm);
  void activation();
  void scale();
  void channel_shuffle();
  void zero();
  void concatenation();
  void channel_slice();
  void finish();

  const std::vector<Layer>& layers_;
  const Weights& weights_;
  dnnl::engine engine_;
  int batch_;
  dnnl::stream stream_;
  OnednnProgram program_;
  std::vector<Value> values_;              // of each layer
  std::vector<memory::desc> scratchpads_;  // of each step
  std::vector<std::size_t> buffer_bytes_;
  std::vector<int> busy_until_;   // of each buffer: the layer that reads it last
  std::vector<int> deferred_to_;  // of each layer: the addition that runs it, or no_layer
  std::vector<int> fused_;        // of each addition: the convolution that it runs, or no_layer
  std::vector<int> last_use_;
  int now_ = 0;  // the layer being built
};

}  // namespace oneproxy
