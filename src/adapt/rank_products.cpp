#include "rank_products.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>
#include <span>

#include "oneproxy/base/parallel.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t width = RankPanels::width;
constexpr std::align_val_t alignment{64};

/// A panel of `a` times a panel of `b`, added to the tile of the result that begins at `c`.
struct Tile {
  const double* a;
  const double* b;
  std::size_t row_count;
  double* c;
  std::size_t stride;
};

/// In parts of `columns` x (`vectors` of type V), each held in registers over all rows.
template <class V, int columns, int vectors>
[[gnu::always_inline]] inline void multiply(const Tile& t) {
  constexpr std::size_t lanes = sizeof(V) / sizeof(double);
  static_assert(width % columns == 0 && width % (lanes * vectors) == 0);
  for (std::size_t row = 0; row < width; row += lanes * vectors) {
    for (std::size_t column = 0; column < width; column += columns) {
      double* const c = t.c + column * t.stride + row;
      V sum[columns][vectors];
#pragma GCC unroll 16
      for (int i = 0; i < columns; ++i) {
#pragma GCC unroll 16
        for (int j = 0; j < vectors; ++j) {
          std::memcpy(&sum[i][j], c + static_cast<std::size_t>(i) * t.stride + lanes * j, sizeof(V));
        }
      }
      for (std::size_t k = 0; k < t.row_count; ++k) {
        V b[vectors];
#pragma GCC unroll 16
        for (int j = 0; j < vectors; ++j) std::memcpy(&b[j], t.b + k * width + row + lanes * j, sizeof(V));
#pragma GCC unroll 16
        for (int i = 0; i < columns; ++i) {
          const double a = t.a[k * width + column + static_cast<std::size_t>(i)];
#pragma GCC unroll 16
          for (int j = 0; j < vectors; ++j) sum[i][j] += a * b[j];
        }
      }
#pragma GCC unroll 16
      for (int i = 0; i < columns; ++i) {
#pragma GCC unroll 16
        for (int j = 0; j < vectors; ++j) {
          std::memcpy(c + static_cast<std::size_t>(i) * t.stride + lanes * j, &sum[i][j], sizeof(V));
        }
      }
    }
  }
}

using Vector2 = double __attribute__((vector_size(16)));
void multiply_generic(const Tile& t) { multiply<Vector2, 6, 2>(t); }

#if defined(__x86_64__)
using Vector4 = double __attribute__((vector_size(32)));
using Vector8 = double __attribute__((vector_size(64)));
__attribute__((target("avx2,fma"))) void multiply_avx2(const Tile& t) { multiply<Vector4, 4, 3>(t); }
__attribute__((target("avx512f"))) void multiply_avx512(const Tile& t) { multiply<Vector8, 8, 3>(t); }
#endif

auto kernel(Simd simd) {
  assert(has_simd(simd));
#if defined(__x86_64__)
  if (simd == Simd::avx512) return multiply_avx512;
  if (simd == Simd::avx2) return multiply_avx2;
#endif
  return multiply_generic;
}

}  // namespace

AlignedDoubles aligned_doubles(std::size_t count) {
  return {static_cast<double*>(::operator new(count * sizeof(double), alignment)),
          [](double* values) { ::operator delete(values, alignment); }};
}

RankPanels::RankPanels(const Eigen::MatrixXd& values, int threads)
    : row_count_(static_cast<std::size_t>(values.rows())),
      depth_(std::clamp<std::size_t>(row_count_, 1, max_depth)),
      has_nan_(static_cast<std::size_t>(values.cols())),
      squares_(static_cast<std::size_t>(values.cols())),
      data_(aligned_doubles(block_count() * panel_count() * depth_ * width)) {
  parallel_for(panel_count(), threads, [&](std::size_t panel) { fill(values, panel); });
}

void RankPanels::fill(const Eigen::MatrixXd& values, std::size_t panel) {
  constexpr std::size_t together = 8;  // a cache line: columns written one by one would touch each line eight times
  static_assert(width % together == 0);
  std::array<std::vector<double>, together> rank;
  for (std::size_t first = 0; first < width; first += together) {
    for (std::size_t i = 0; i < together; ++i) {
      const std::size_t column = panel * width + first + i;
      rank[i].clear();
      if (column < column_count()) {
        const auto entries = values.col(static_cast<Eigen::Index>(column));
        has_nan_[column] = entries.hasNaN() ? 1 : 0;
        if (!has_nan(column)) rank[i] = ranks({entries.data(), row_count_});
      }
      if (rank[i].empty()) rank[i].assign(row_count_, static_cast<double>(row_count_ + 1) / 2);  // adds nothing
    }
    std::array<double, together> square{};
    for (std::size_t block = 0, row = 0; block < block_count(); ++block) {
      double* out = data_.get() + (block * panel_count() + panel) * depth_ * width + first;
      for (std::size_t k = 0; k < rows_in(block); ++k, ++row, out += width) {
        for (std::size_t i = 0; i < together; ++i) {
          out[i] = 2 * rank[i][row] - static_cast<double>(row_count_ + 1);
          square[i] += out[i] * out[i];
        }
      }
    }
    for (std::size_t i = 0; i < together && panel * width + first + i < column_count(); ++i) {
      squares_[panel * width + first + i] = square[i];
    }
  }
}

RankProducts rank_products(const RankPanels& a, const RankPanels& b, int threads, Simd simd) {
  assert(a.block_count() == b.block_count());
  constexpr std::size_t group = 8;  // panels of `a` that stay in the second cache
  const bool symmetric = &a == &b;
  const auto multiply_tile = kernel(simd);
  RankProducts result{.values = aligned_doubles(a.panel_count() * width * b.panel_count() * width),
                      .stride = b.panel_count() * width};
  parallel_for((a.panel_count() + group - 1) / group, threads, [&](std::size_t item) {
    const std::size_t begin = item * group;
    const std::size_t end = std::min(begin + group, a.panel_count());
    std::fill(&result.values[begin * width * result.stride], result.values.get() + end * width * result.stride, 0.0);
    for (std::size_t block = 0; block < a.block_count(); ++block) {
      for (std::size_t row = symmetric ? begin : 0; row < b.panel_count(); ++row) {
        for (std::size_t column = begin; column < (symmetric ? std::min(end, row + 1) : end); ++column) {
          multiply_tile({a.panel(block, column), b.panel(block, row), a.rows_in(block),
                         result.values.get() + column * width * result.stride + row * width, result.stride});
        }
      }
    }
  });
  return result;
}

}  // namespace oneproxy
