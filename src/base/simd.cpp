#include "oneproxy/base/simd.hpp"

namespace oneproxy {

bool has_simd(Simd simd) {
#if defined(__x86_64__)
  if (simd == Simd::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (simd == Simd::avx512) return __builtin_cpu_supports("avx512f");
#endif
  return simd == Simd::generic;
}

Simd best_simd() {
  Simd best = Simd::generic;
  for (const Simd simd : all_simd) best = has_simd(simd) ? simd : best;
  return best;
}

}  // namespace oneproxy
