#pragma once

#include <cstddef>
#include <vector>

#include "oneproxy/base/simd.hpp"
#include "oneproxy/predict/mlp.hpp"

namespace oneproxy {

/// A hidden layer, y = relu(x weight + bias), with its weights packed for the instructions that multiply them.
/// Every output is one sum in the order of the inputs, so it does not depend on the other rows;
/// AVX2 and AVX-512, both with fused multiply-add, give the same bits. Immutable; safe from any thread.
class PackedDense {
 public:
  static constexpr std::size_t row_tile = 60;  ///< a multiple of every kernel's

  /// Precondition: has_simd(simd).
  explicit PackedDense(const DenseLayer& layer, Simd simd = best_simd());

  /// Row i of `x` is x[i * x_stride] .., row i of `y` is y[i * output_stride()] ...
  /// Precondition: row_count is a multiple of row_tile.
  void run(const float* x, std::size_t x_stride, std::size_t row_count, float* y) const;
  /// Outputs rounded up to the kernel's width; those beyond are 0.
  std::size_t output_stride() const { return bias_.size(); }

 private:
  Simd simd_;
  std::size_t input_count_;
  std::vector<float> weight_;  // panels of `width` columns; in each the inputs' rows one after another
  std::vector<float> bias_;
};

}  // namespace oneproxy
