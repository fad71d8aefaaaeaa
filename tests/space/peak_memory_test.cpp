#include "oneproxy/space/peak_memory.hpp"

#include <gtest/gtest.h>

namespace oneproxy {
namespace {

constexpr double kMbPerValue = 4.0 / (1 << 20);

TEST(PeakMemory, IsParametersAndTheMostActivationsAtATime) {
  NetworkBuilder net({1, 4, 4});                                                            // 16 values
  const int a = net.convolution(0, 2, 1, 1, 1, Activation::none, "a");                      // 32, 2 + 2 parameters
  const int b = net.convolution(a, 3, 1, 1, 1, Activation::none, "b");                      // 48, 6 + 3 parameters
  net.convolution(b, 1, 1, 1, 1, Activation::none, "c");                                    // 16, 3 + 1 parameters
  EXPECT_DOUBLE_EQ(peak_memory_mb(std::move(net).finish()), kMbPerValue * (17 + 32 + 48));  // while b runs
}

TEST(PeakMemory, WhatIsUsedLaterIsKept) {
  NetworkBuilder net({2, 4, 4});
  const int a = net.convolution(0, 2, 1, 1, 1, Activation::none, "a");
  const int b = net.convolution(a, 2, 1, 1, 1, Activation::none, "b");
  net.add(a, b, "sum");  // 3 x 32 values are there, and 2 x (4 + 2) parameters
  EXPECT_DOUBLE_EQ(peak_memory_mb(std::move(net).finish()), kMbPerValue * (12 + 96));
}

}  // namespace
}  // namespace oneproxy
