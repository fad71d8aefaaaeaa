#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "measure/reference.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/base/rng.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/measure/engine.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy {
namespace {

/// Small settings of every space.
const char* const spaces[] = {"nas_bench_201(dataset=imagenet16_120)",       "fbnet(resolution=16, classes=10)",
                              "ofa_mobilenet_v3(resolution=32, width=0.25)", "mobilenet_v3(resolution=32, classes=10)",
                              "proxyless_nas(resolution=32, classes=10)",    "mnasnet(resolution=32, classes=10)",
                              "alexnet(resolution=59, classes=10)",          "vgg(resolution=32, classes=10)",
                              "googlenet(resolution=32, classes=10)",        "resnet(resolution=32, classes=10)",
                              "squeezenet(resolution=32, classes=10)",       "densenet(resolution=32, classes=10)",
                              "shufflenet_v2(resolution=32, classes=10)",    "mobilenet_v1(resolution=32, classes=10)"};

/// The one of `count` random networks with the fewest FLOPs, since the reference takes its time.
Network small_network(const SearchSpace& space, Rng& rng, int count) {
  Network smallest;
  for (int i = 0; i < count; ++i) {
    Network network = space.network(space.sample(rng));
    if (i == 0 || costs(network).flops < costs(smallest).flops) smallest = std::move(network);
  }
  return smallest;
}

/// Runs a few networks of every space on `engine`; where it refuses one, it must say so as `refusal`.
void expect_agreement(const std::string& engine_name, const std::string& refusal) {
  const auto engine = make_engine(engine_name);
  for (const char* text : spaces) {
    const auto space = make_space(text);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(engine_name + ", " + text + ", seed " + std::to_string(seed));
      Rng rng(seed);
      const Network network = small_network(*space, rng, 20);
      const Weights weights = random_weights(network, seed);
      std::unique_ptr<Session> session;
      try {
        session = engine->load(network, weights);
      } catch (const InputError& error) {
        EXPECT_TRUE(!refusal.empty() && std::string(error.what()).ends_with(refusal)) << error.what();
        continue;
      }
      std::vector<float> input(static_cast<std::size_t>(network.layers.front().out.elements()));
      for (auto& value : input) value = static_cast<float>(rng.normal());
      const auto expected = testing::reference_output(network, weights, input);
      std::vector<float> output(expected.size());
      session->run(input, output);
      EXPECT_LT(testing::relative_error(output, expected), 1e-4);  // fp32 sums of up to a hundred layers
    }
  }
}

TEST(SpacesRun, OnnxRuntimeComputesWhatTheLayersDefineSlow) {
  if (!ort_info().available) GTEST_SKIP() << ort_info().detail;
  expect_agreement("onnxruntime", "");
}

TEST(SpacesRun, OnednnComputesWhatTheLayersDefineSlow) { expect_agreement("onednn", ""); }

TEST(SpacesRun, XnnpackComputesWhatTheLayersDefineOrSaysWhatItLacksSlow) {
  const auto kinds = device_kinds();
  const auto kind = std::ranges::find(kinds, "xnnpack", &DeviceKind::name);
  if (!kind->available) GTEST_SKIP() << kind->detail;
  expect_agreement("xnnpack", "is not supported by xnnpack");
}

}  // namespace
}  // namespace oneproxy
