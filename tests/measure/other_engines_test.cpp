// Engines that read the ONNX file and are compared with ONNX Runtime before they are timed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "measure/reference.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/measure/engine.hpp"

namespace oneproxy {
namespace {

const char* const tiny_space = "mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)";

class OtherEngines : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto kinds = device_kinds();
    const auto kind = std::ranges::find(kinds, std::string(GetParam()), &DeviceKind::name);
    ASSERT_NE(kind, kinds.end());
    if (!kind->available) GTEST_SKIP() << kind->detail;
    if (!ort_info().available) GTEST_SKIP() << ort_info().detail;
  }

  /// "" where the engine computes what the definitions of the layers say; why it was refused; or "wrong".
  std::string verdict(const Network& network, std::uint64_t seed) {
    const Weights weights = random_weights(network, seed);
    std::vector<float> input(static_cast<std::size_t>(network.layers.front().out.elements()));
    Rng rng(seed);
    for (float& value : input) value = static_cast<float>(rng.normal());
    std::vector<float> output(static_cast<std::size_t>(network.layers.back().out.elements()));
    try {
      const auto session = engine_->load(network, weights);
      for (int repeat = 0; repeat < 2; ++repeat) {
        const double ms = session->timed_run_ms(input, output);
        EXPECT_GT(ms, 0);
        if (testing::relative_error(output, testing::reference_output(network, weights, input)) > 1e-3) return "wrong";
      }
      return "";
    } catch (const InputError& error) {
      return error.what();
    }
  }

  std::unique_ptr<Engine> engine_ = nullptr;
};

TEST_P(OtherEngines, ComputeWhatTheLayersSay) {
  engine_ = make_engine(GetParam());
  const SpacePtr space = make_space(tiny_space);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Rng rng(seed);
    EXPECT_EQ(verdict(space->network(space->sample(rng)), seed), "") << "seed " << seed;
  }
}

TEST_P(OtherEngines, ComputeAnyLayerRightOrRefuseItWithTheDifference) {
  engine_ = make_engine(GetParam());
  NetworkBuilder swish({4, 8, 8});
  int x = swish.convolution(0, 8, 3, 1, 1, Activation::hard_swish, "a");
  const int gate =
      swish.activation(swish.convolution(swish.global_average_pool(x, "p"), 8, 1, 1, 1, Activation::relu, "q"),
                       Activation::hard_sigmoid, "s");
  x = swish.multiply(x, gate, "excited");
  swish.fully_connected(swish.global_average_pool(x, "pool"), 5, "classes");
  const std::string squeezed = verdict(std::move(swish).finish(), 1);
  EXPECT_TRUE(squeezed.empty() || squeezed.find("the largest difference is") != std::string::npos ||
              squeezed.find("cannot read the network") != std::string::npos)
      << squeezed;
  RecordProperty("squeeze_and_excite", squeezed.empty() ? "computed" : squeezed);

  NetworkBuilder shuffled({6, 9, 9});
  x = shuffled.convolution(0, 6, 3, 2, 3, Activation::relu6, "a");
  x = shuffled.channel_shuffle(x, 3, "b");
  x = shuffled.scale(x, "c");
  x = shuffled.average_pool(x, 3, 1, 1, "d");
  shuffled.fully_connected(shuffled.global_average_pool(x, "pool"), 5, "classes");
  const std::string other = verdict(std::move(shuffled).finish(), 2);
  EXPECT_TRUE(other.empty() || other.find("the largest difference is") != std::string::npos) << other;
}

TEST_P(OtherEngines, AreMeasuredLikeAnyDevice) {
  const SpacePtr space = make_space(tiny_space);
  Rng rng(3);
  const auto xs = space->sample_distinct(6, rng);
  Protocol protocol;
  protocol.budget_ms = 5;
  const auto device = make_device(GetParam());
  for (int campaign = 0; campaign < 2; ++campaign) {
    std::vector<Measurement> measured;
    device->measure(*space, xs, protocol, [&](const Measurement& m) { measured.push_back(m); }, {});
    ASSERT_EQ(measured.size(), xs.size());
    for (const auto& m : measured) {
      EXPECT_GT(m.median_ms, 0);
      EXPECT_GT(m.cold_ms, 0);
      EXPECT_GT(m.reference_ms, 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Opencv, OtherEngines, ::testing::Values("opencv"));
INSTANTIATE_TEST_SUITE_P(SlowWeb, OtherEngines, ::testing::Values("onnxruntime_web"));

}  // namespace
}  // namespace oneproxy
