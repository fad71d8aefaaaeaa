#pragma once

namespace oneproxy::bench {

/// Floating-point operations per second that one core reaches in single precision with fused multiply-adds alone, in
/// the widest vectors there are; measured at the first call (some 50 ms).
double peak_flops();
/// The same in double precision.
double peak_flops_double();

}  // namespace oneproxy::bench
