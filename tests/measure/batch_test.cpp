// Several images in one inference.
#include <gtest/gtest.h>

#include <algorithm>

#include "measure/reference.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/measure/engine.hpp"

namespace oneproxy {
namespace {

constexpr int batch = 3;

Network mobile_network() {
  const SpacePtr space =
      make_space("mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)");
  Rng rng(1);
  return space->network(space->sample(rng));
}

/// With shapes that the ONNX file writes out.
Network shuffled_network() {
  NetworkBuilder build({6, 9, 9});
  int x = build.convolution(0, 12, 3, 2, 3, Activation::relu6, "a");
  x = build.channel_shuffle(x, 3, "b");
  const int half = build.channel_slice(x, 6, 6, "half");
  x = build.concatenation({x, half}, "join");
  const int gate =
      build.convolution(build.global_average_pool(x, "squeeze"), 18, 1, 1, 1, Activation::hard_sigmoid, "g");
  x = build.scale(build.multiply(x, gate, "excite"), "c", Activation::relu);
  x = build.add(build.convolution(x, 18, 3, 1, 18, Activation::none, "d"), x, "sum");
  build.fully_connected(build.global_average_pool(x, "pool"), 5, "classes");
  return std::move(build).finish();
}

/// Each image of a batch gives what it gives alone.
void expect_images_apart(const std::string& device, const Network& network) {
  const auto engine = make_engine(device + "(batch=" + std::to_string(batch) + ")");
  EXPECT_EQ(engine->batch(), batch);
  EXPECT_NE(engine->description().find("batch=3"), std::string::npos) << engine->description();
  EXPECT_EQ(make_engine(engine->description())->description(), engine->description());
  const Weights weights = random_weights(network, 1);
  const auto in_size = static_cast<std::size_t>(network.layers.front().out.elements());
  const auto out_size = static_cast<std::size_t>(network.layers.back().out.elements());
  std::vector<float> input(batch * in_size);
  Rng rng(2);
  for (float& value : input) value = static_cast<float>(rng.normal());
  std::vector<float> output(batch * out_size);
  const auto session = engine->load(network, weights);
  for (int repeat = 0; repeat < 2; ++repeat) {  // the second run finds the buffers used
    session->timed_run_ms(input, output);
    for (std::size_t image = 0; image < batch; ++image) {
      const auto expected =
          testing::reference_output(network, weights, std::span(input).subspan(image * in_size, in_size));
      const std::vector<float> got(output.begin() + static_cast<std::ptrdiff_t>(image * out_size),
                                   output.begin() + static_cast<std::ptrdiff_t>((image + 1) * out_size));
      EXPECT_LT(testing::relative_error(got, expected), 1e-4) << device << ", image " << image;
    }
  }
}

class Batch : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto kinds = device_kinds();
    const auto kind = std::ranges::find(kinds, std::string(GetParam()), &DeviceKind::name);
    ASSERT_NE(kind, kinds.end());
    if (!kind->available) GTEST_SKIP() << kind->detail;
  }
};

TEST_P(Batch, EveryImageGivesWhatItGivesAlone) {
  const std::string device = GetParam();
  const bool compared = device == "opencv" || device == "onnxruntime_web";
  if (compared && !ort_info().available) GTEST_SKIP() << ort_info().detail;
  expect_images_apart(device, mobile_network());
  if (device == "onednn" || device == "onnxruntime") expect_images_apart(device, shuffled_network());
}

TEST_P(Batch, OfOneImageChangesNoDescriptionAndWrongOnesAreRefused) {
  const std::string device = GetParam();
  EXPECT_EQ(make_engine(device + "(batch=1)")->description(), make_engine(device)->description());
  for (const char* wrong : {"0", "-1", "4097", "many"}) {
    EXPECT_THROW(make_engine(device + "(batch=" + wrong + ")"), InputError) << wrong;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Batch, ::testing::Values("onednn", "onnxruntime", "xnnpack", "opencv"));
INSTANTIATE_TEST_SUITE_P(SlowWeb, Batch, ::testing::Values("onnxruntime_web"));

/// Says that each run takes 12 ms.
class FakeEngine final : public Engine {
 public:
  const std::string& description() const override { return description_; }
  std::string version() const override { return "fake 1"; }
  int batch() const override { return 4; }
  std::unique_ptr<Session> load(const Network& network, const Weights&) override {
    return std::make_unique<FakeSession>(network);
  }

 private:
  class FakeSession final : public Session {
   public:
    explicit FakeSession(const Network& network) : network_(network) {}
    void run(std::span<const float> input, std::span<float> output) override {
      const bool right = static_cast<std::int64_t>(input.size()) == 4 * network_.layers.front().out.elements() &&
                         static_cast<std::int64_t>(output.size()) == 4 * network_.layers.back().out.elements();
      if (!right) throw InputError("fake", "gets another number of images");
      std::ranges::fill(output, 1.0F);
    }
    double timed_run_ms(std::span<const float> input, std::span<float> output) override {
      run(input, output);
      return 12;
    }

   private:
    Network network_;
  };
  std::string description_ = "fake()";
};

TEST(BatchDevice, LatencyIsThatOfOneImage) {
  const SpacePtr space =
      make_space("mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)");
  Rng rng(3);
  const auto xs = space->sample_distinct(3, rng);
  std::size_t count = 0;
  make_engine_device(std::make_unique<FakeEngine>())
      ->measure(*space, xs, {},
                [&](const Measurement& m) {
                  ++count;
                  EXPECT_EQ(m.median_ms, 3);
                  EXPECT_EQ(m.cold_ms, 3);
                },
                {});
  EXPECT_EQ(count, 3U);
}

}  // namespace
}  // namespace oneproxy
