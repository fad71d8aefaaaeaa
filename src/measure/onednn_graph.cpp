#include "onednn_graph.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <limits>
#include <new>
#include <utility>

namespace oneproxy {

void AlignedFree::operator()(void* memory) const { std::free(memory); }

namespace {

using dnnl::memory;
using Format = memory::format_tag;
constexpr auto f32 = memory::data_type::f32;
constexpr int no_layer = -1;

memory::dims image_dims(const Shape& shape) { return {1, shape.channels, shape.height, shape.width}; }

class ProgramBuilder {
 public:
  ProgramBuilder(const Network& network, const Weights& weights, const dnnl::engine& engine)
      : layers_(network.layers), weights_(weights), engine_(engine), stream_(engine), values_(layers_.size()) {
    plan();
  }

  OnednnProgram build() {
    for (now_ = 0; now_ < count(); ++now_) {
      const Layer& layer = layers_[now_];
      if (deferred_to_[now_] != no_layer) continue;
      switch (layer.kind) {
        case LayerKind::input:
          values_[now_] = allocate({image_dims(layer.out), f32, Format::nchw}, last_use_[now_]);
          break;
        case LayerKind::convolution:
          convolution(now_, layer.activation, no_layer);
          break;
        case LayerKind::add:
          addition();
          break;
        case LayerKind::global_average_pool:
          global_average_pool();
          break;
        case LayerKind::fully_connected:
          fully_connected();
          break;
        default:  // refused by build_onednn_program
          assert(false);
      }
    }
    finish();
    return std::move(program_);
  }

 private:
  struct Value {
    memory data;
    std::size_t buffer = 0;
  };

  int count() const { return static_cast<int>(layers_.size()); }

  /// Which convolutions run as part of a later addition, and until when each value is needed.
  void plan() {
    const auto size = layers_.size();
    std::vector<int> uses(size, 0);
    for (const Layer& layer : layers_) {
      for (const int input : layer.inputs) ++uses[input];
    }
    deferred_to_.assign(size, no_layer);
    fused_.assign(size, no_layer);
    for (int i = 0; i < count(); ++i) {
      if (layers_[i].kind != LayerKind::add) continue;
      for (const int input : layers_[i].inputs) {
        const Layer& candidate = layers_[input];
        if (fused_[i] == no_layer && candidate.kind == LayerKind::convolution && uses[input] == 1 &&
            candidate.activation == Activation::none) {
          fused_[i] = input;
          deferred_to_[input] = i;
        }
      }
    }
    last_use_.assign(size, 0);
    for (int i = 0; i < count(); ++i) {
      const int when = deferred_to_[i] == no_layer ? i : deferred_to_[i];
      for (const int input : layers_[i].inputs) last_use_[input] = std::max(last_use_[input], when);
    }
    last_use_.back() = std::numeric_limits<int>::max();
  }

  /// A value that lives until step `last_use`, in the smallest buffer that is free by now.
  Value allocate(const memory::desc& desc, int last_use) {
    const std::size_t bytes = std::max<std::size_t>(desc.get_size(), 64);
    std::size_t best = buffer_bytes_.size();
    for (std::size_t i = 0; i < buffer_bytes_.size(); ++i) {
      const bool fits = busy_until_[i] < now_ && buffer_bytes_[i] >= bytes;
      if (fits && (best == buffer_bytes_.size() || buffer_bytes_[i] < buffer_bytes_[best])) best = i;
    }
    if (best == buffer_bytes_.size()) {
      program_.buffers.push_back(aligned(bytes));
      buffer_bytes_.push_back(bytes);
      busy_until_.push_back(0);
    }
    busy_until_[best] = last_use;
    return {keep(memory(desc, engine_, program_.buffers[best].get())), best};
  }

  static AlignedBytes aligned(std::size_t bytes) {
    void* memory = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (memory == nullptr) throw std::bad_alloc();
    return AlignedBytes(static_cast<std::byte*>(memory));
  }

  memory keep(memory data) {
    program_.memories.push_back(data);
    return data;
  }

  void emit(dnnl::primitive primitive, std::initializer_list<std::pair<int, memory>> arguments,
            const memory::desc& scratchpad) {
    auto& step = program_.steps.emplace_back(OnednnProgram::Step{std::move(primitive), {}});
    for (const auto& [name, data] : arguments) step.arguments.push_back({name, data.get()});
    scratchpads_.push_back(scratchpad);
  }

  void emit_reorder(const memory& from, const memory& to) {
    const dnnl::reorder::primitive_desc pd(from, to, attributes());
    emit(dnnl::reorder(pd), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}, pd.scratchpad_desc());
  }

  /// The value in the wanted format, through a reorder step where it has another.
  memory in_format(const memory& data, const memory::desc& wanted) {
    if (data.get_desc() == wanted) return data;
    const Value copy = allocate(wanted, now_);
    emit_reorder(data, copy.data);
    return copy.data;
  }

  static dnnl::primitive_attr attributes(Activation activation = Activation::none, bool sum = false) {
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::post_ops operations;
    if (sum) operations.append_sum(1.0F);
    if (activation == Activation::relu6) {
      operations.append_eltwise(1.0F, dnnl::algorithm::eltwise_clip, 0.0F, 6.0F);
    }
    if (activation == Activation::relu) operations.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
    attr.set_post_ops(operations);
    return attr;
  }

  /// Constant data in the format that a primitive asked for; reordered now, once.
  memory constant(const float* values, const memory::desc& plain, const memory::desc& wanted) {
    memory from(plain, engine_, const_cast<float*>(values));  // only read
    memory to(wanted, engine_);
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    return keep(to);
  }

  /// Whether the sum may be computed where `residual` lies: nobody reads that value afterwards or meanwhile.
  bool may_overwrite(int residual, int convolution_layer) const {
    if (layers_[residual].kind == LayerKind::input || last_use_[residual] > now_) return false;
    for (int i = 0; i < count(); ++i) {
      if (i == now_ || std::ranges::find(layers_[i].inputs, residual) == layers_[i].inputs.end()) continue;
      const int when = deferred_to_[i] == no_layer ? i : deferred_to_[i];
      if (i == convolution_layer || when >= now_) return false;
    }
    return true;
  }

  /// Convolution `index` with its activation; with the sum with layer `residual` in the same primitive if there is one.
  void convolution(int index, Activation activation, int residual) {
    const Layer& layer = layers_[index];
    const auto k = layer.kernel;
    const auto g = layer.groups;
    const memory::dims weight_dims = g == 1 ? memory::dims{layer.out.channels, layer.in.channels, k, k}
                                            : memory::dims{g, layer.out.channels / g, layer.in.channels / g, k, k};
    const memory::desc bias_desc({layer.out.channels}, f32, Format::x);
    const auto after = [&](int in, int out) { return (out - 1) * layer.stride + k - in - layer.padding; };
    const dnnl::convolution_forward::primitive_desc pd(
        {dnnl::prop_kind::forward_inference,
         dnnl::algorithm::convolution_direct,
         {image_dims(layer.in), f32, Format::any},
         {weight_dims, f32, Format::any},
         bias_desc,
         {image_dims(layer.out), f32, Format::any},
         {layer.stride, layer.stride},
         {layer.padding, layer.padding},
         {after(layer.in.height, layer.out.height), after(layer.in.width, layer.out.width)}},
        attributes(activation, residual != no_layer), engine_);

    const memory src = in_format(values_[layer.inputs[0]].data, pd.src_desc());
    const float* values = weights_.values[index].data();
    const memory kernel =
        constant(values, {weight_dims, f32, g == 1 ? Format::oihw : Format::goihw}, pd.weights_desc());
    const memory bias = constant(values + layer.weight_count(), bias_desc, pd.bias_desc());
    Value& out = values_[now_];
    if (residual == no_layer) {
      out = allocate(pd.dst_desc(), last_use_[now_]);
    } else if (values_[residual].data.get_desc() == pd.dst_desc() && may_overwrite(residual, index)) {
      out = values_[residual];
      busy_until_[out.buffer] = last_use_[now_];
    } else {
      out = allocate(pd.dst_desc(), last_use_[now_]);
      emit_reorder(values_[residual].data, out.data);
    }
    emit(dnnl::convolution_forward(pd),
         {{DNNL_ARG_SRC, src}, {DNNL_ARG_WEIGHTS, kernel}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, out.data}},
         pd.scratchpad_desc());
  }

  void addition() {
    const Layer& layer = layers_[now_];
    const int a = layer.inputs[0];
    const int b = layer.inputs[1];
    if (const int fused = fused_[now_]; fused != no_layer) {
      convolution(fused, layer.activation, fused == a ? b : a);
      return;
    }
    const memory left = values_[a].data;
    const memory right = in_format(values_[b].data, left.get_desc());
    const dnnl::binary::primitive_desc pd(
        {dnnl::algorithm::binary_add, left.get_desc(), left.get_desc(), left.get_desc()}, attributes(layer.activation),
        engine_);
    values_[now_] = allocate(pd.dst_desc(), last_use_[now_]);
    emit(dnnl::binary(pd), {{DNNL_ARG_SRC_0, left}, {DNNL_ARG_SRC_1, right}, {DNNL_ARG_DST, values_[now_].data}},
         pd.scratchpad_desc());
  }

  void global_average_pool() {
    const Layer& layer = layers_[now_];
    const memory src = values_[layer.inputs[0]].data;
    const memory::dims window{layer.in.height, layer.in.width};
    const dnnl::pooling_forward::primitive_desc pd({dnnl::prop_kind::forward_inference,
                                                    dnnl::algorithm::pooling_avg_exclude_padding,
                                                    src.get_desc(),
                                                    {image_dims(layer.out), f32, Format::any},
                                                    window,
                                                    window,
                                                    {0, 0},
                                                    {0, 0}},
                                                   attributes(layer.activation), engine_);
    values_[now_] = allocate(pd.dst_desc(), last_use_[now_]);
    emit(dnnl::pooling_forward(pd), {{DNNL_ARG_SRC, src}, {DNNL_ARG_DST, values_[now_].data}}, pd.scratchpad_desc());
  }

  void fully_connected() {
    const Layer& layer = layers_[now_];
    const memory::dims weight_dims{layer.out.channels, layer.in.channels, 1, 1};
    const memory::desc bias_desc({layer.out.channels}, f32, Format::x);
    const dnnl::inner_product_forward::primitive_desc pd({dnnl::prop_kind::forward_inference,
                                                          {image_dims(layer.in), f32, Format::any},
                                                          {weight_dims, f32, Format::any},
                                                          bias_desc,
                                                          {{1, layer.out.channels}, f32, Format::nc}},
                                                         attributes(layer.activation), engine_);
    const memory input = values_[layer.inputs[0]].data;
    const memory src = in_format(input, pd.src_desc());
    const float* values = weights_.values[now_].data();
    const memory kernel = constant(values, {weight_dims, f32, Format::oihw}, pd.weights_desc());
    const memory bias = constant(values + layer.weight_count(), bias_desc, pd.bias_desc());
    memory::desc dst = pd.dst_desc();
    Value& out = values_[now_];
    out = allocate(dst, last_use_[now_]);
    emit(dnnl::inner_product_forward(pd),
         {{DNNL_ARG_SRC, src}, {DNNL_ARG_WEIGHTS, kernel}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, out.data}},
         pd.scratchpad_desc());
    // Whoever reads it next expects an image of 1 x 1.
    out.data = keep(memory({image_dims(layer.out), f32, Format::nchw}, engine_, out.data.get_data_handle()));
  }

  void finish() {
    const Layer& last = layers_.back();
    now_ = count();
    const memory output = in_format(values_.back().data, {image_dims(last.out), f32, Format::nchw});
    program_.input = {static_cast<float*>(values_.front().data.get_data_handle()),
                      static_cast<std::size_t>(layers_.front().out.elements())};
    program_.output = {static_cast<float*>(output.get_data_handle()), static_cast<std::size_t>(last.out.elements())};

    std::size_t scratch_bytes = 64;
    for (const auto& desc : scratchpads_) scratch_bytes = std::max(scratch_bytes, desc.get_size());
    program_.buffers.push_back(aligned(scratch_bytes));
    for (std::size_t i = 0; i < scratchpads_.size(); ++i) {
      const memory scratch = keep(memory(scratchpads_[i], engine_, program_.buffers.back().get()));
      program_.steps[i].arguments.push_back({DNNL_ARG_SCRATCHPAD, scratch.get()});
    }
  }

  const std::vector<Layer>& layers_;
  const Weights& weights_;
  dnnl::engine engine_;
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

}  // namespace

OnednnProgram build_onednn_program(const Network& network, const Weights& weights, const dnnl::engine& engine) {
  assert(weights.values.size() == network.layers.size());
  require_basic_layers(network, "onednn");
  return ProgramBuilder(network, weights, engine).build();
}

}  // namespace oneproxy
