#include "oneproxy/measure/layer_profile.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "oneproxy/base/ort.hpp"

namespace oneproxy {
namespace {

const char* const small_space = "mobilenet_v2(resolution=28, width=0.5, classes=10, channels=1, strides=2:2:1:2:1:2)";

std::vector<Architecture> some(const SearchSpace& space, std::size_t count) {
  Rng rng(3);
  return space.sample_distinct(count, rng);
}

double sum_ms(const std::vector<LayerLatency>& layers) {
  return std::accumulate(layers.begin(), layers.end(), 0.0, [](double sum, const auto& l) { return sum + l.ms; });
}

TEST(LayerProfile, OfADeviceOnPaperAddsUpToItsLatency) {
  const SpacePtr space = make_space(small_space);
  const auto device = make_device("fpga(design=4)");
  const auto xs = some(*space, 3);
  const LayerProfile profile = profile_layers(*device, *space, xs, 1, 1);
  ASSERT_EQ(profile.networks.size(), xs.size());
  for (std::size_t i = 0; i < xs.size(); ++i) {
    EXPECT_NEAR(sum_ms(profile.networks[i]), latency_model(*device)->latency_ms(space->network(xs[i])), 1e-9);
  }
  EXPECT_FALSE(roof_of(*device).has_value());
}

TEST(LayerProfile, OfOnednnNamesEveryLayerThatIsNotFused) {
  const SpacePtr space = make_space(small_space);
  const auto device = make_device("onednn");
  const auto xs = some(*space, 2);
  const LayerProfile profile = profile_layers(*device, *space, xs, 5, 1);
  ASSERT_EQ(profile.networks.size(), xs.size()) << profile.why_not;
  EXPECT_FALSE(profile.origin.empty());
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const Network network = space->network(xs[i]);
    for (const auto& layer : profile.networks[i]) {
      EXPECT_GT(layer.ms, 0);
      EXPECT_TRUE(std::ranges::any_of(network.layers, [&](const Layer& l) { return l.name == layer.layer; }))
          << layer.layer;
    }
    // Additions run in the convolution before them; every other layer has a primitive of its own.
    const auto additions = std::ranges::count(network.layers, LayerKind::add, &Layer::kind);
    EXPECT_GE(profile.networks[i].size() + static_cast<std::size_t>(additions) + 1, network.layers.size());
  }
}

TEST(LayerProfile, OfOnnxRuntimeHasAllConvolutions) {
  if (!ort_info().available) GTEST_SKIP() << ort_info().detail;
  const SpacePtr space = make_space(small_space);
  const auto device = make_device("onnxruntime");
  const auto xs = some(*space, 1);
  const LayerProfile profile = profile_layers(*device, *space, xs, 5, 1);
  ASSERT_EQ(profile.networks.size(), 1U) << profile.why_not;
  const Network network = space->network(xs[0]);
  const auto convolutions = std::ranges::count(network.layers, LayerKind::convolution, &Layer::kind);
  EXPECT_GE(profile.networks[0].size(), static_cast<std::size_t>(convolutions));
  EXPECT_GT(sum_ms(profile.networks[0]), 0);
}

TEST(LayerProfile, SaysWhyThereIsNone) {
  class Own final : public Device {
   public:
    const std::string& description() const override { return name_; }
    MachineFacts facts() const override { return {}; }
    void measure(const SearchSpace&, std::span<const Architecture>, const Protocol&, const MeasurementSink&,
                 const ProgressCallback&) override {}

   private:
    std::string name_ = "a phone, (mine";
  };
  const SpacePtr space = make_space(small_space);
  const LayerProfile profile = profile_layers(Own(), *space, some(*space, 1), 1, 1);
  EXPECT_TRUE(profile.networks.empty());
  EXPECT_EQ(profile.why_not, "This device tells the time of whole networks only.");
  EXPECT_FALSE(roof_of(Own()).has_value());
}

TEST(Roof, OfARooflineIsItsSettings) {
  const auto roof = roof_of(*make_device("roofline(device=taba)"));
  ASSERT_TRUE(roof.has_value());
  EXPECT_EQ(roof->gflops, 15.3);  // Table 2 of the paper
  EXPECT_EQ(roof->memory_gbytes_per_s, 7.46);
}

TEST(Roof, OfAnEngineIsMeasured) {
  const auto roof = roof_of(*make_device("onednn"));
  ASSERT_TRUE(roof.has_value());
  // A processor with vector instructions computes and moves more than this, and less than a thousand times as much.
  EXPECT_GT(roof->gflops, 0.5);
  EXPECT_LT(roof->gflops, 1e4);
  EXPECT_GT(roof->memory_gbytes_per_s, 0.05);
  EXPECT_LT(roof->memory_gbytes_per_s, 1e4);
  EXPECT_GT(roof->cache_gbytes_per_s, 0.05);
  EXPECT_NE(roof->origin.find("1 thread"), std::string::npos);
}

}  // namespace
}  // namespace oneproxy
