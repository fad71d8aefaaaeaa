#include <algorithm>
#include <cassert>
#include <limits>

#include "onednn_builder.hpp"

namespace oneproxy {

void OnednnProgramBuilder::layer() {
  const Layer& layer = layers_[now_];
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
    case LayerKind::average_pool:
      pool(dnnl::algorithm::pooling_avg_exclude_padding);
      break;
    case LayerKind::max_pool:
      pool(dnnl::algorithm::pooling_max);
      break;
    case LayerKind::activation:
      activation();
      break;
    case LayerKind::scale:
      scale();
      break;
    case LayerKind::multiply:
      binary(dnnl::algorithm::binary_mul, input(0), input(1));
      break;
    case LayerKind::channel_shuffle:
      channel_shuffle();
      break;
    case LayerKind::zero:
      zero();
      break;
    case LayerKind::concatenation:
      concatenation();
      break;
    case LayerKind::channel_slice:
      channel_slice();
      break;
  }
}

void OnednnProgramBuilder::convolution(int index, Activation activation, int residual) {
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
  const memory kernel = constant(values, {weight_dims, f32, g == 1 ? Format::oihw : Format::goihw}, pd.weights_desc());
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

void OnednnProgramBuilder::addition() {
  const Layer& layer = layers_[now_];
  const int a = layer.inputs[0];
  const int b = layer.inputs[1];
  if (const int fused = fused_[now_]; fused != no_layer) {
    convolution(fused, layer.activation, fused == a ? b : a);
    return;
  }
  binary(dnnl::algorithm::binary_add, values_[a].data, values_[b].data);
}

void OnednnProgramBuilder::binary(dnnl::algorithm algorithm, const memory& left, const memory& right) {
  const bool same = right.get_desc().dims() == left.get_desc().dims();
  const memory other =
      in_format(right, same ? left.get_desc() : memory::desc(right.get_desc().dims(), f32, Format::nchw));
  const dnnl::binary::primitive_desc pd({algorithm, left.get_desc(), other.get_desc(), left.get_desc()},
                                        attributes(layers_[now_].activation), engine_);
  values_[now_] = allocate(pd.dst_desc(), last_use_[now_]);
  emit(dnnl::binary(pd), {{DNNL_ARG_SRC_0, left}, {DNNL_ARG_SRC_1, other}, {DNNL_ARG_DST, values_[now_].data}},
       pd.scratchpad_desc());
}

/// The product with the factors, and in the same primitive the sum with the summands and the activation.
void OnednnProgramBuilder::scale() {
  const Layer& layer = layers_[now_];
  const memory::desc plain({1, layer.out.channels, 1, 1}, f32, Format::nchw);
  const float* values = weights_.values[now_].data();
  const memory factors = constant(values, plain, plain);
  const memory summands = constant(values + layer.weight_count(), plain, plain);
  dnnl::post_ops operations;
  operations.append_binary(dnnl::algorithm::binary_add, plain);
  for (const auto& [algorithm, alpha, beta] : elementwise(layer.activation)) {
    operations.append_eltwise(1.0F, algorithm, alpha, beta);
  }
  dnnl::primitive_attr attr = attributes();
  attr.set_post_ops(operations);
  const memory src = input(0);
  const dnnl::binary::primitive_desc pd({dnnl::algorithm::binary_mul, src.get_desc(), plain, src.get_desc()}, attr,
                                        engine_);
  values_[now_] = allocate(pd.dst_desc(), last_use_[now_]);
  emit(dnnl::binary(pd),
       {{DNNL_ARG_SRC_0, src},
        {DNNL_ARG_SRC_1, factors},
        {DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, summands},
        {DNNL_ARG_DST, values_[now_].data}},
       pd.scratchpad_desc());
}

void OnednnProgramBuilder::activation() {
  memory src = input(0);
  values_[now_] = allocate(src.get_desc(), last_use_[now_]);
  const memory& dst = values_[now_].data;
  for (const auto& [algorithm, alpha, beta] : elementwise(layers_[now_].activation)) {
    const dnnl::eltwise_forward::primitive_desc pd(
        {dnnl::prop_kind::forward_inference, algorithm, src.get_desc(), alpha, beta}, attributes(), engine_);
    emit(dnnl::eltwise_forward(pd), {{DNNL_ARG_SRC, src}, {DNNL_ARG_DST, dst}}, pd.scratchpad_desc());
    src = dst;  // a second function works in place
  }
}

void OnednnProgramBuilder::global_average_pool() {
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

void OnednnProgramBuilder::fully_connected() {
  const Layer& layer = layers_[now_];
  const memory::dims weight_dims{layer.out.channels, layer.in.channels, 1, 1};
  const memory::desc bias_desc({layer.out.channels}, f32, Format::x);
  const dnnl::inner_product_forward::primitive_desc pd({dnnl::prop_kind::forward_inference,
                                                        {image_dims(layer.in), f32, Format::any},
                                                        {weight_dims, f32, Format::any},
                                                        bias_desc,
                                                        {{batch_, layer.out.channels}, f32, Format::nc}},
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

void OnednnProgramBuilder::pool(dnnl::algorithm algorithm) {
  const Layer& layer = layers_[now_];
  const auto after = [&](int in, int out) { return (out - 1) * layer.stride + layer.kernel - in - layer.padding; };
  const memory src = input(0);
  const dnnl::pooling_forward::primitive_desc pd(
      {dnnl::prop_kind::forward_inference,
       algorithm,
       src.get_desc(),
       {image_dims(layer.out), f32, Format::any},
       {layer.stride, layer.stride},
       {layer.kernel, layer.kernel},
       {layer.padding, layer.padding},
       {after(layer.in.height, layer.out.height), after(layer.in.width, layer.out.width)}},
      attributes(), engine_);
  values_[now_] = allocate(pd.dst_desc(), last_use_[now_]);
  emit(dnnl::pooling_forward(pd), {{DNNL_ARG_SRC, src}, {DNNL_ARG_DST, values_[now_].data}}, pd.scratchpad_desc());
}

void OnednnProgramBuilder::channel_shuffle() {
  const memory src = input(0);
  const Layer& layer = layers_[now_];
  const dnnl::shuffle_forward::primitive_desc pd(
      {dnnl::prop_kind::forward_inference, src.get_desc(), 1, layer.out.channels / layer.groups}, engine_,
      attributes());
  values_[now_] = allocate(pd.dst_desc(), last_use_[now_]);
  emit(dnnl::shuffle_forward(pd), {{DNNL_ARG_SRC, src}, {DNNL_ARG_DST, values_[now_].data}}, pd.scratchpad_desc());
}

/// Zeros are written once, here: the buffer is new, is never used again, and nobody writes to it (may_overwrite).
void OnednnProgramBuilder::zero() {
  const memory::desc desc = input(0).get_desc();
  program_.buffers.push_back(aligned_bytes(desc.get_size()));
  buffer_bytes_.push_back(desc.get_size());
  busy_until_.push_back(std::numeric_limits<int>::max());
  std::fill_n(program_.buffers.back().get(), desc.get_size(), std::byte{0});
  values_[now_] = {keep(memory(desc, engine_, program_.buffers.back().get())), buffer_bytes_.size() - 1};
}

/// In the inputs' own format where oneDNN can join it (blocks of channels must be whole), else with rows of pixels.
void OnednnProgramBuilder::concatenation() {
  const Layer& layer = layers_[now_];
  std::vector<memory> parts;
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) parts.push_back(input(i));
  const auto describe = [&] {
    std::vector<memory::desc> descs;
    for (const memory& part : parts) descs.push_back(part.get_desc());
    return dnnl::concat::primitive_desc(1, descs, engine_, attributes());
  };
  dnnl::concat::primitive_desc pd;
  try {
    pd = describe();
  } catch (const dnnl::error&) {
    for (memory& part : parts) part = in_format(part, {part.get_desc().dims(), f32, Format::nchw});
    pd = describe();
  }
  values_[now_] = allocate(pd.dst_desc(), last_use_[now_]);
  emit(dnnl::concat(pd), {{DNNL_ARG_DST, values_[now_].data}}, pd.scratchpad_desc());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    program_.steps.back().arguments.push_back({DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), parts[i].get()});
  }
}

void OnednnProgramBuilder::channel_slice() {
  const Layer& layer = layers_[now_];
  const memory whole = in_format(input(0), {image_dims(layer.in), f32, Format::nchw});
  const memory part =
      keep(memory(whole.get_desc().submemory_desc(image_dims(layer.out), {0, layer.first_channel, 0, 0}), engine_,
                  whole.get_data_handle()));
  values_[now_] = allocate({image_dims(layer.out), f32, Format::nchw}, last_use_[now_]);
  emit_reorder(part, values_[now_].data);
}

}  // namespace oneproxy
