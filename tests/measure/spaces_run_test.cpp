#include <gtest/gtest.h>

#include <cmath>

#include "measure/reference.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/base/rng.hpp"
#include "oneproxy/measure/engine.hpp"
#include "oneproxy/space/onnx.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy {
namespace {

TEST(SpacesRun, OnnxRuntimeComputesWhatTheLayersDefineSlow) {
  if (!ort_info().available) GTEST_SKIP() << ort_info().detail;
  for (const char* text : {"nas_bench_201(dataset=imagenet16_120)", "fbnet(resolution=16, classes=10)",
                           "ofa_mobilenet_v3(resolution=32, width=0.25)"}) {
    const auto space = make_space(text);
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      SCOPED_TRACE(std::string(text) + ", seed " + std::to_string(seed));
      Rng rng(seed);
      const Network network = space->network(space->sample(rng));
      const Weights weights = random_weights(network, seed);
      const Shape in = network.layers.front().out;
      std::vector<float> input(static_cast<std::size_t>(in.elements()));
      for (auto& value : input) value = static_cast<float>(rng.normal());
      const auto expected = testing::reference_output(network, weights, input);
      std::vector<float> output(expected.size());
      OrtSession(onnx_bytes(network, weights), text, {})
          .run(input, std::vector<std::int64_t>{1, in.channels, in.height, in.width}, output);
      double scale = 0;
      for (const double value : expected) scale = std::max(scale, std::abs(value));
      // fp32 sums of up to a hundred layers against double precision.
      for (std::size_t i = 0; i < output.size(); ++i) EXPECT_NEAR(output[i], expected[i], 1e-4 * scale);
    }
  }
}

TEST(SpacesRun, OnednnRunsFbnetWithoutGroups) {
  const auto engine = make_engine("onednn");
  const auto space = make_space("fbnet(resolution=16, classes=10)");
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Architecture x = space->sample(rng);
    for (std::size_t b = 0; b < x.size(); ++b) {
      if (x[b] == 1 || x[b] == 5) --x[b];  // the same blocks without groups
    }
    const Network network = space->network(x);
    const Weights weights = random_weights(network, seed);
    std::vector<float> input(static_cast<std::size_t>(network.layers.front().out.elements()));
    for (auto& value : input) value = static_cast<float>(rng.normal());
    const auto expected = testing::reference_output(network, weights, input);
    std::vector<float> output(expected.size());
    engine->load(network, weights)->run(input, output);
    EXPECT_LT(testing::relative_error(output, expected), 1e-4);  // fp32 sums of up to a hundred layers
  }
}

TEST(SpacesRun, EnginesRefuseLayersThatTheyDoNotKnow) {
  const auto engine = make_engine("onednn");
  const auto space = make_space("nas_bench_201");
  const Network network = space->network(Architecture{4, 4, 4, 4, 4, 4});
  try {
    engine->load(network, random_weights(network, 1));
    FAIL() << "poolings were accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "layer kind average_pool is not supported by onednn");
  }
}

}  // namespace
}  // namespace oneproxy
