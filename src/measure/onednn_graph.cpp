#include "onednn_graph.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <limits>
#include <new>

#include "onednn_builder.hpp"

namespace oneproxy {

void AlignedFree::operator()(void* memory) const { std::free(memory); }

AlignedBytes aligned_bytes(std::size_t bytes) {
  void* const memory = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (memory == nullptr) throw std::bad_alloc();
  return AlignedBytes(static_cast<std::byte*>(memory));
}

OnednnProgramBuilder::OnednnProgramBuilder(const Network& network, const Weights& weights, const dnnl::engine& engine,
                                           int batch)
    : layers_(network.layers),
      weights_(weights),
      engine_(engine),
      batch_(batch),
      stream_(engine),
      values_(layers_.size()) {
  plan();
}

OnednnProgram OnednnProgramBuilder::build() {
  for (now_ = 0; now_ < count(); ++now_) {
    if (deferred_to_[now_] == no_layer) layer();
  }
  finish();
  return std::move(program_);
}

void OnednnProgramBuilder::plan() {
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

OnednnProgramBuilder::Value OnednnProgramBuilder::allocate(const memory::desc& desc, int last_use) {
  const std::size_t bytes = std::max<std::size_t>(desc.get_size(), 64);
  std::size_t best = buffer_bytes_.size();
  for (std::size_t i = 0; i < buffer_bytes_.size(); ++i) {
    const bool fits = busy_until_[i] < now_ && buffer_bytes_[i] >= bytes;
    if (fits && (best == buffer_bytes_.size() || buffer_bytes_[i] < buffer_bytes_[best])) best = i;
  }
  if (best == buffer_bytes_.size()) {
    program_.buffers.push_back(aligned_bytes(bytes));
    buffer_bytes_.push_back(bytes);
    busy_until_.push_back(0);
  }
  busy_until_[best] = last_use;
  return {keep(memory(desc, engine_, program_.buffers[best].get())), best};
}

dnnl::memory OnednnProgramBuilder::keep(memory data) {
  program_.memories.push_back(data);
  return data;
}

void OnednnProgramBuilder::emit(dnnl::primitive primitive, std::initializer_list<std::pair<int, memory>> arguments,
                                const memory::desc& scratchpad) {
  auto& step = program_.steps.emplace_back(OnednnProgram::Step{std::move(primitive), {}, std::min(now_, count() - 1)});
  for (const auto& [name, data] : arguments) step.arguments.push_back({name, data.get()});
  scratchpads_.push_back(scratchpad);
}

void OnednnProgramBuilder::emit_reorder(const memory& from, const memory& to) {
  const dnnl::reorder::primitive_desc pd(from, to, attributes());
  emit(dnnl::reorder(pd), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}, pd.scratchpad_desc());
}

dnnl::memory OnednnProgramBuilder::in_format(const memory& data, const memory::desc& wanted) {
  if (data.get_desc() == wanted) return data;
  const Value copy = allocate(wanted, now_);
  emit_reorder(data, copy.data);
  return copy.data;
}

std::vector<OnednnProgramBuilder::Elementwise> OnednnProgramBuilder::elementwise(Activation activation) {
  switch (activation) {
    case Activation::none:
      return {};
    case Activation::relu6:
      return {{dnnl::algorithm::eltwise_clip, 0.0F, 6.0F}};
    case Activation::relu:
      return {{dnnl::algorithm::eltwise_relu, 0.0F, 0.0F}};
    case Activation::hard_swish:
      return {{dnnl::algorithm::eltwise_hardswish, 0.0F, 0.0F}};
    case Activation::hard_sigmoid:
      return {{dnnl::algorithm::eltwise_linear, 1.0F / 6.0F, 0.5F}, {dnnl::algorithm::eltwise_clip, 0.0F, 1.0F}};
  }
  return {};
}

dnnl::primitive_attr OnednnProgramBuilder::attributes(Activation activation, bool sum) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops operations;
  if (sum) operations.append_sum(1.0F);
  for (const auto& [algorithm, alpha, beta] : elementwise(activation)) {
    operations.append_eltwise(1.0F, algorithm, alpha, beta);
  }
  attr.set_post_ops(operations);
  return attr;
}

dnnl::memory OnednnProgramBuilder::constant(const float* values, const memory::desc& plain,
                                            const memory::desc& wanted) {
  memory from(plain, engine_, const_cast<float*>(values));  // only read
  memory to(wanted, engine_);
  dnnl::reorder(from, to).execute(stream_, from, to);
  stream_.wait();
  return keep(to);
}

bool OnednnProgramBuilder::may_overwrite(int residual, int convolution_layer) const {
  if (layers_[residual].kind == LayerKind::input || layers_[residual].kind == LayerKind::zero) return false;
  if (last_use_[residual] > now_) return false;
  for (int i = 0; i < count(); ++i) {
    if (i == now_ || std::ranges::find(layers_[i].inputs, residual) == layers_[i].inputs.end()) continue;
    const int when = deferred_to_[i] == no_layer ? i : deferred_to_[i];
    if (i == convolution_layer || when >= now_) return false;
  }
  return true;
}

void OnednnProgramBuilder::finish() {
  const Layer& last = layers_.back();
  now_ = count();
  const memory output = in_format(values_.back().data, {image_dims(last.out), f32, Format::nchw});
  program_.input = {static_cast<float*>(values_.front().data.get_data_handle()),
                    static_cast<std::size_t>(batch_ * layers_.front().out.elements())};
  program_.output = {static_cast<float*>(output.get_data_handle()),
                     static_cast<std::size_t>(batch_ * last.out.elements())};

  std::size_t scratch_bytes = 64;
  for (const auto& desc : scratchpads_) scratch_bytes = std::max(scratch_bytes, desc.get_size());
  program_.buffers.push_back(aligned_bytes(scratch_bytes));
  for (std::size_t i = 0; i < scratchpads_.size(); ++i) {
    const memory scratch = keep(memory(scratchpads_[i], engine_, program_.buffers.back().get()));
    program_.steps[i].arguments.push_back({DNNL_ARG_SCRATCHPAD, scratch.get()});
  }
}

OnednnProgram build_onednn_program(const Network& network, const Weights& weights, const dnnl::engine& engine,
                                   int batch) {
  assert(weights.values.size() == network.layers.size());
  return OnednnProgramBuilder(network, weights, engine, batch).build();
}

}  // namespace oneproxy
