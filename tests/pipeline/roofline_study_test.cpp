#include "oneproxy/pipeline/roofline_study.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

SpacePtr small_space() { return make_space("mobilenet_v2(resolution=28, width=0.5, channels=1, classes=10)"); }

RooflineStudy study(const std::string& device, std::size_t count) {
  const SpacePtr space = small_space();
  Rng rng(1);
  return study_roofline(*make_device(device), *space, space->sample_distinct(count, rng), {}, {});
}

// The device computes by its own roof, layer by layer: no network can pass the roof of the sum of its layers.
TEST(RooflineStudy, NetworksOfARooflineLieUnderItsRoof) {
  const RooflineStudy found = study("roofline(peak_gflops=40, bandwidth_gbs=10)", 50);
  EXPECT_EQ(found.ridge(), 4);
  ASSERT_EQ(found.networks.size(), 50U);
  std::size_t left = 0;
  for (const auto& n : found.networks) {
    EXPECT_GT(n.intensity, 0);
    EXPECT_EQ(n.roof_gflops, std::min(40.0, 10 * n.intensity));
    EXPECT_GT(n.attained_gflops, 0);
    EXPECT_LE(n.attained_gflops, n.roof_gflops * (1 + 1e-12));
    left += n.intensity < 4 ? 1 : 0;
  }
  EXPECT_EQ(found.memory_bound_count(), left);
}

TEST(RooflineStudy, ARidgeFarAwayBindsAllAndOneAtZeroNone) {
  EXPECT_EQ(study("roofline(peak_gflops=1000000, bandwidth_gbs=1)", 20).memory_bound_count(), 20U);
  const RooflineStudy computing = study("roofline(peak_gflops=1, bandwidth_gbs=1000000)", 20);
  EXPECT_EQ(computing.memory_bound_count(), 0U);
  for (const auto& n : computing.networks) EXPECT_NEAR(n.attained_gflops, 1, 1e-6);  // every layer at the peak
}

TEST(RooflineStudy, OfAnEngineIsMeasured) {
  const SpacePtr space = small_space();
  Rng rng(1);
  Protocol protocol;
  protocol.budget_ms = 5;
  const auto xs = space->sample_distinct(5, rng);
  const RooflineStudy found = study_roofline(*make_device("onednn"), *space, xs, protocol, {});
  EXPECT_GT(found.roof.gflops, 0);
  EXPECT_GT(found.cache_ridge(), 0);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    EXPECT_EQ(found.networks[i].architecture, xs[i]);
    EXPECT_GT(found.networks[i].latency_ms, 0);
  }
}

TEST(RooflineStudy, DevicesWithoutARoofAreRefusedBeforeTheyMeasure) {
  EXPECT_THROW(study("fpga(design=4)", 3), InputError);
  EXPECT_THROW(study("command(run=\"false\", read=tflite)", 3), InputError);
}

}  // namespace
}  // namespace oneproxy
