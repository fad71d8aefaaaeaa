#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <thread>

#include "measure/reference.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/measure/engine.hpp"

namespace oneproxy {
namespace {

constexpr double tolerance = 1e-4;
const char* const small_space = "mobilenet_v2(resolution=28, width=0.5, classes=10, channels=1, strides=2:2:1:2:1:2)";

std::vector<float> random_input(const Network& network, std::uint64_t seed) {
  std::vector<float> input(static_cast<std::size_t>(network.layers.front().out.elements()));
  Rng rng(seed);
  for (float& value : input) value = static_cast<float>(rng.normal());
  return input;
}

std::vector<float> run(Session& session, const Network& network, std::span<const float> input) {
  std::vector<float> output(static_cast<std::size_t>(network.layers.back().out.elements()));
  session.run(input, output);
  return output;
}

bool available(const std::string& kind) {
  const auto kinds = device_kinds();
  return std::ranges::find(kinds, kind, &DeviceKind::name)->available;
}

std::vector<std::string> engines() {
  std::vector<std::string> names{"onednn"};
  if (available("xnnpack")) names.emplace_back("xnnpack");
  if (ort_info().available) names.insert(names.end(), {"onnxruntime", "onnxruntime(optimization=none)"});
  return names;
}

/// A graph with what the spaces lack: a sum without activation that is read twice, a sum with a convolution of its own
/// input, a sum of two sums, groups, ReLU, and an input that is added.
Network odd_network(Rng& rng) {
  const int channels = 1 + static_cast<int>(rng.below(20));
  const int size = 3 + static_cast<int>(rng.below(12));
  const auto kernel = [&] { return 1 + 2 * static_cast<int>(rng.below(3)); };
  NetworkBuilder build({channels, size, size});
  const int a = build.convolution(0, channels, kernel(), 1, 1, Activation::none, "a");
  const int b = build.add(a, 0, "b");
  const int c = build.convolution(b, channels, kernel(), 1, channels, Activation::none, "c");
  const int d = build.add(b, c, "d");
  const int e = build.convolution(d, channels, kernel(), 1, 1, Activation::none, "e");
  const int f = build.convolution(d, channels, kernel(), 1, channels, Activation::relu6, "f");
  const int g = build.add(e, f, "g");
  const int h = build.add(d, g, "h");
  const int i = build.add(h, b, "i");
  const int j = build.convolution(i, 4 * channels, kernel(), 2, channels, Activation::relu, "j");
  const int k = build.convolution(j, 2 * channels, 1, 1, 2, Activation::none, "k");
  const int l = build.add(k, k, "l");
  build.fully_connected(build.global_average_pool(l, "pool"), 7, "classes");
  return std::move(build).finish();
}

/// Every kind of layer and of activation at odd sizes, behind convolutions, so that engines meet them in their own
/// formats; without those that XNNPACK lacks where `basic`.
Network every_kind(Rng& rng, bool basic) {
  const int size = 5 + static_cast<int>(rng.below(9));
  const int channels = 2 * (1 + static_cast<int>(rng.below(12)));
  NetworkBuilder build({3, size, size});
  const int a = build.convolution(0, channels, 3, 1, 1, Activation::hard_swish, "a");
  const int b = build.max_pool(a, 3, 1, 1, "b");
  const int c = build.average_pool(a, 3, 1, 1, "c");
  const int d = build.add(b, c, "d", Activation::relu);
  const int e = build.scale(d, "e", Activation::relu6);
  const int squeezed = build.global_average_pool(e, "squeeze");
  const int gate = build.convolution(squeezed, channels, 1, 1, 1, Activation::hard_sigmoid, "gate");
  int x = build.multiply(e, gate, "excite", Activation::hard_swish);
  x = build.convolution(x, channels, 3, 1, channels, Activation::none, "f");
  x = build.activation(x, Activation::hard_sigmoid, "g");
  x = build.activation(x, Activation::relu, "h");
  if (!basic) {
    const int odd = build.convolution(x, 5 + static_cast<int>(rng.below(20)), 1, 1, 1, Activation::relu, "odd");
    const int first = build.channel_slice(x, 0, channels / 2, "first");
    const int second = build.channel_slice(x, channels / 2, channels / 2, "second");
    const int nothing = build.add(build.zero(first, "zero"), first, "nothing");
    x = build.concatenation({second, nothing, odd, second}, "join");
    x = build.concatenation({x, odd}, "pair");
    if (build.shape(x).channels % 2 == 1) x = build.concatenation({x, odd}, "even");
    if (build.shape(x).channels % 2 == 0) x = build.channel_shuffle(x, 2, "shuffle");
  }
  x = build.convolution(x, 2 * channels, 1, 1, 1, Activation::relu, "i");
  x = build.max_pool(x, 3, 2, 1, "j");
  x = build.average_pool(x, 2, 2, build.shape(x).height % 2, "k");
  x = build.valid_convolution(x, channels, 2, 1, Activation::relu, "l");
  x = build.fully_connected(build.global_average_pool(x, "pool"), 9, "hidden", Activation::relu);
  build.fully_connected(x, 7, "classes");
  return std::move(build).finish();
}

void expect_all_agree(const Network& network, std::uint64_t seed) {
  const Weights weights = random_weights(network, seed);
  const auto input = random_input(network, seed);
  const auto expected = testing::reference_output(network, weights, input);
  for (const auto& name : engines()) {
    const auto session = make_engine(name)->load(network, weights);
    for (int repeat = 0; repeat < 2; ++repeat) {  // the second run finds the buffers used
      EXPECT_LT(testing::relative_error(run(*session, network, input), expected), tolerance) << name;
    }
  }
}

TEST(Engines, AgreeWithTheReferenceOnTheSpace) {
  const SpacePtr space = make_space(small_space);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    expect_all_agree(space->network(space->sample(rng)), seed);
  }
}

TEST(Engines, AgreeWithTheReferenceOnOddGraphs) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    expect_all_agree(odd_network(rng), seed);
  }
}

TEST(Engines, AgreeWithTheReferenceOnEveryKindOfLayer) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    expect_all_agree(every_kind(rng, true), seed);
    const Network network = every_kind(rng, false);
    const Weights weights = random_weights(network, seed);
    const auto input = random_input(network, seed);
    const auto expected = testing::reference_output(network, weights, input);
    for (const auto& name : engines()) {
      if (name == "xnnpack") continue;
      const auto session = make_engine(name)->load(network, weights);
      for (int repeat = 0; repeat < 2; ++repeat) {
        EXPECT_LT(testing::relative_error(run(*session, network, input), expected), tolerance) << name;
      }
    }
  }
}

TEST(Engines, AgreeWithEachOtherOnLargerImages) {
  if (!ort_info().available) GTEST_SKIP() << ort_info().detail;
  for (const char* text : {"mobilenet_v2(resolution=64, classes=100)", "mobilenet_v2(resolution=96, width=0.75)"}) {
    const SpacePtr space = make_space(text);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      SCOPED_TRACE(std::string(text) + ", seed " + std::to_string(seed));
      Rng rng(seed);
      const Network network = space->network(space->sample(rng));
      const Weights weights = random_weights(network, seed);
      const auto input = random_input(network, seed);
      const auto expected = run(*make_engine("onnxruntime(optimization=none)")->load(network, weights), network, input);
      std::vector<std::string> names{"onednn", "onednn(threads=2)", "onnxruntime", "onnxruntime(threads=2)"};
      if (available("xnnpack")) names.emplace_back("xnnpack");
      for (const auto& name : names) {
        const auto session = make_engine(name)->load(network, weights);
        EXPECT_LT(testing::relative_error(run(*session, network, input), expected), tolerance) << name;
      }
    }
  }
}

/// Expects `body` to return 0 in a process of its own that starts anew, since oneDNN's instructions are chosen once.
template <class Body>
void expect_zero_in_fresh_process(Body body) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto status = [&] {
    try {
      return body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      return 100;
    }
  };
  EXPECT_EXIT(_exit(status()), ::testing::ExitedWithCode(0), "");
}

TEST(Onednn, AgreesWithTheReferenceWithEveryInstructionSet) {
  const SpacePtr space = make_space(small_space);
  for (const std::string isa : {"avx512", "avx2", "sse41"}) {
    try {
      make_engine("onednn(isa=" + isa + ")");
    } catch (const InputError&) {
      continue;  // not on this processor
    }
    SCOPED_TRACE(isa);
    expect_zero_in_fresh_process([&] {
      const auto engine = make_engine("onednn(isa=" + isa + ")");
      for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        Rng rng(seed);
        const Network network = seed % 3 == 0 ? space->network(space->sample(rng)) : odd_network(rng);
        const Weights weights = random_weights(network, seed);
        const auto input = random_input(network, seed);
        const auto output = run(*engine->load(network, weights), network, input);
        if (testing::relative_error(output, testing::reference_output(network, weights, input)) >= tolerance) {
          return static_cast<int>(seed);
        }
      }
      return 0;
    });
  }
}

TEST(Onednn, RefusesAnotherInstructionSetInTheSameProcess) {
  Rng rng(1);
  const Network network = odd_network(rng);
  const Weights weights = random_weights(network, 1);
  expect_zero_in_fresh_process([&] {
    make_engine("onednn(isa=sse41)")->load(network, weights);
    make_engine("onednn(isa=sse41)")->load(network, weights);
    for (const char* other : {"onednn", "onednn(isa=avx2)"}) {
      try {
        make_engine(other)->load(network, weights);
        return 1;
      } catch (const InputError& error) {
        if (std::string(error.what()).find("isa=sse41") == std::string::npos) return 2;
      }
    }
    return 0;
  });
}

TEST(Onednn, ManyThreadsMayLoadAndRunAtTheSameTime) {
  const SpacePtr space = make_space(small_space);
  Rng rng(1);
  const Network network = space->network(space->sample(rng));
  const Weights weights = random_weights(network, 1);
  const auto input = random_input(network, 1);
  const auto expected = run(*make_engine("onednn")->load(network, weights), network, input);
  std::vector<std::vector<float>> outputs(4);
  std::vector<std::thread> threads;
  for (auto& output : outputs) {
    threads.emplace_back([&] { output = run(*make_engine("onednn")->load(network, weights), network, input); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& output : outputs) EXPECT_EQ(output, expected);
}

TEST(Engines, DevicesOfSeveralInstructionSetsWorkInOneProcessAlsoAfterItRanOnednn) {
  const SpacePtr space = make_space(small_space);
  expect_zero_in_fresh_process([&] {
    std::vector<std::unique_ptr<Device>> devices;
    for (const auto& name : engines()) devices.push_back(make_device(name));
    for (const std::string isa : {"avx2", "sse41"}) {
      try {
        devices.push_back(make_device("onednn(isa=" + isa + ")"));
      } catch (const InputError&) {  // not on this processor
      }
    }
    Rng rng(1);
    const auto xs = space->sample_distinct(5, rng);
    const Network network = space->network(xs[0]);
    make_engine("onednn")->load(network, random_weights(network, 1));
    Protocol protocol;
    protocol.budget_ms = 5;
    for (const auto& device : devices) {
      std::size_t measured_count = 0;
      const auto count = [&](const Measurement& m) { measured_count += m.median_ms > 0 ? 1 : 0; };
      device->measure(*space, xs, protocol, count, {});
      if (measured_count != xs.size()) return 1;
    }
    return 0;
  });
}

TEST(Xnnpack, AgreesWithTheReferenceOnTwoThreads) {
  if (!available("xnnpack")) GTEST_SKIP() << "not in this build";
  const auto engine = make_engine("xnnpack(threads=2)");
  // Few small graphs: its threads spin at every layer, which takes long where others keep the processors busy.
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Network network = odd_network(rng);
    const Weights weights = random_weights(network, seed);
    const auto input = random_input(network, seed);
    const auto output = run(*engine->load(network, weights), network, input);
    EXPECT_LT(testing::relative_error(output, testing::reference_output(network, weights, input)), tolerance);
  }
}

/// Layers of every kind that nothing reads, and a chain of them.
TEST(Engines, RunNetworksWithLayersThatTheOutputDoesNotNeed) {
  NetworkBuilder build({4, 6, 6});
  const int a = build.convolution(0, 4, 3, 1, 1, Activation::none, "a");
  const int b = build.activation(a, Activation::relu, "b");
  build.add(a, b, "sum");
  build.average_pool(a, 3, 1, 1, "pooled");
  build.convolution(build.activation(a, Activation::relu, "chain"), 4, 1, 1, 1, Activation::none, "chain.end");
  build.add(b, 0, "c");
  expect_all_agree(std::move(build).finish(), 1);
}

TEST(Engines, RunCellsWhoseNodesGoNowhere) {
  const SpacePtr space = make_space("nas_bench_201(dataset=imagenet16_120)");
  // Node 1 is a sum or a layer that no later node takes in.
  for (const char* cell : {"|nor_conv_1x1~0|+|skip_connect~0|none~1|+|skip_connect~0|none~1|skip_connect~2|",
                           "|avg_pool_3x3~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|none~1|none~2|"}) {
    SCOPED_TRACE(cell);
    expect_all_agree(space->network(space->parse(cell)), 1);
  }
}

TEST(Xnnpack, RefusesLayersThatItDoesNotKnowByName) {
  if (!available("xnnpack")) GTEST_SKIP() << "not in this build";
  NetworkBuilder build({4, 8, 8});
  build.concatenation({0, 0}, "join");
  const Network network = std::move(build).finish();
  try {
    make_engine("xnnpack")->load(network, random_weights(network, 1));
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "layer kind concatenation is not supported by xnnpack");
  }
}

TEST(Xnnpack, SaysWhatIsMissingWhereABuildLacksIt) {
  if (available("xnnpack")) GTEST_SKIP() << "this build has it";
  try {
    make_engine("xnnpack");
    FAIL() << "made an engine that is not there";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("libxnnpack-dev"), std::string::npos) << error.what();
  }
}

TEST(Engines, DescriptionsNameEverySettingAndMakeTheSameEngineAgain) {
  for (const auto& name : engines()) {
    const std::string description = make_engine(name)->description();
    EXPECT_EQ(make_engine(description)->description(), description);
    EXPECT_NE(description.find("threads=1"), std::string::npos);
  }
}

TEST(Devices, UnknownOnesAreRefusedWithWhatThereIs) {
  const auto message = [](const char* description) -> std::string {
    try {
      make_device(description);
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message("onedn"),
            "device 'onedn': is unknown; expected one of onnxruntime, onednn, xnnpack, opencv, onnxruntime_web, table, "
            "command, agent, fpga, roofline, gables; did you mean 'onednn'?");
  EXPECT_NE(message("onednn(isa=neon)").find("setting isa: 'neon' is not one of best, avx512, avx2, sse41"),
            std::string::npos);
  EXPECT_NE(message("onednn(thread=1)").find("unknown setting 'thread'"), std::string::npos);
  EXPECT_NE(message("onednn(threads=0)").find("setting threads"), std::string::npos);
}

TEST(Devices, TheDefaultIsAvailable) {
  const auto kinds = device_kinds();
  const std::string name = default_engine();
  EXPECT_EQ(name, ort_info().available ? "onnxruntime" : "onednn");
  const auto found = std::ranges::find(kinds, name, &DeviceKind::name);
  ASSERT_NE(found, kinds.end());
  EXPECT_TRUE(found->available);
}

}  // namespace
}  // namespace oneproxy
