#pragma once

#include <array>

namespace oneproxy {

/// The vector instructions for which hot loops are written; the best that are there is found at run time.
enum class Simd {
  generic,  ///< whatever the compiler may take for granted
  avx2,     ///< with fused multiply-add
  avx512,
};

inline constexpr std::array<Simd, 3> all_simd{Simd::generic, Simd::avx2, Simd::avx512};

/// Whether this processor has them. Safe from any thread.
bool has_simd(Simd simd);
/// The last of all_simd that this processor has.
Simd best_simd();

}  // namespace oneproxy
