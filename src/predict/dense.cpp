#include "dense.hpp"

#include <cassert>
#include <cstring>

// The multiplication is written out here rather than left to a BLAS, because theirs choose kernels by the shape of
// the whole batch, and a prediction then depends on its neighbours.
namespace oneproxy {
namespace {

struct Operands {
  const float* x;
  std::size_t x_stride;
  std::size_t row_count;
  std::size_t input_count;
  const float* weight;
  const float* bias;
  std::size_t output_stride;
  float* y;
};

/// Tiles of `rows` x (`vectors` of type V), held in registers over all inputs.
template <class V, int rows, int vectors>
[[gnu::always_inline]] inline void multiply(const Operands& o) {
  constexpr std::size_t lanes = sizeof(V) / sizeof(float);
  constexpr std::size_t width = lanes * vectors;
  static_assert(PackedDense::row_tile % rows == 0);
  for (std::size_t column = 0; column < o.output_stride; column += width) {
    const float* const panel = o.weight + column * o.input_count;
    for (std::size_t row = 0; row < o.row_count; row += rows) {
      const float* const x = o.x + row * o.x_stride;
      V sum[rows][vectors];
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 16
        for (int j = 0; j < vectors; ++j) std::memcpy(&sum[i][j], o.bias + column + lanes * j, sizeof(V));
      }
      for (std::size_t k = 0; k < o.input_count; ++k) {
        V w[vectors];
#pragma GCC unroll 16
        for (int j = 0; j < vectors; ++j) std::memcpy(&w[j], panel + k * width + lanes * j, sizeof(V));
#pragma GCC unroll 16
        for (int i = 0; i < rows; ++i) {
          const float input = x[static_cast<std::size_t>(i) * o.x_stride + k];
#pragma GCC unroll 16
          for (int j = 0; j < vectors; ++j) sum[i][j] += input * w[j];
        }
      }
      float* const y = o.y + row * o.output_stride + column;
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 16
        for (int j = 0; j < vectors; ++j) {
          const V relu = sum[i][j] > 0 ? sum[i][j] : V{};
          std::memcpy(y + static_cast<std::size_t>(i) * o.output_stride + lanes * j, &relu, sizeof(V));
        }
      }
    }
  }
}

using Vector4 = float __attribute__((vector_size(16)));
void multiply_generic(const Operands& o) { multiply<Vector4, 3, 4>(o); }

struct Kernel {
  void (*multiply)(const Operands&);
  std::size_t width;
};

#if defined(__x86_64__)
using Vector8 = float __attribute__((vector_size(32)));
using Vector16 = float __attribute__((vector_size(64)));
__attribute__((target("avx2,fma"))) void multiply_avx2(const Operands& o) { multiply<Vector8, 6, 2>(o); }
__attribute__((target("avx512f"))) void multiply_avx512(const Operands& o) { multiply<Vector16, 5, 5>(o); }
#endif

Kernel kernel(Simd simd) {
  assert(has_simd(simd));
#if defined(__x86_64__)
  if (simd == Simd::avx512) return {multiply_avx512, 80};
  if (simd == Simd::avx2) return {multiply_avx2, 16};
#endif
  return {multiply_generic, 16};
}

}  // namespace

PackedDense::PackedDense(const DenseLayer& layer, Simd simd)
    : simd_(simd), input_count_(static_cast<std::size_t>(layer.weight.rows())) {
  const std::size_t width = kernel(simd).width;
  const auto output_count = static_cast<std::size_t>(layer.weight.cols());
  const std::size_t stride = (output_count + width - 1) / width * width;
  bias_.assign(stride, 0);
  weight_.assign(stride * input_count_, 0);
  for (std::size_t j = 0; j < output_count; ++j) {
    const std::size_t panel = j / width * width;
    bias_[j] = layer.bias[static_cast<Eigen::Index>(j)];
    for (std::size_t k = 0; k < input_count_; ++k) {
      weight_[panel * input_count_ + k * width + j % width] =
          layer.weight(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(j));
    }
  }
}

void PackedDense::run(const float* x, std::size_t x_stride, std::size_t row_count, float* y) const {
  assert(row_count % row_tile == 0);
  kernel(simd_).multiply({x, x_stride, row_count, input_count_, weight_.data(), bias_.data(), output_stride(), y});
}

}  // namespace oneproxy
