#include <gtest/gtest.h>

#include <algorithm>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/measure/latency_model.hpp"

namespace oneproxy {
namespace {

/// A device on paper, with its model at hand.
struct Paper {
  explicit Paper(const std::string& text) : device(make_device(text)), model(*latency_model(*device)) {}
  std::unique_ptr<Device> device;
  const LatencyModel& model;
};

struct Stage {
  int channels;
  int kernel;
  int stride;
  int expansion;
  int depth;
};

/// Inverted residuals without their additions, which take no cycles; batch normalisation is folded.
Network inverted_residuals(int stem, int first, int first_kernel, const std::vector<Stage>& stages) {
  NetworkBuilder build({3, 224, 224});
  int at = build.convolution(0, stem, 3, 2, 1, Activation::relu6, "stem");
  at = build.convolution(at, stem, first_kernel, 1, stem, Activation::relu6, "first depthwise");
  at = build.convolution(at, first, 1, 1, 1, Activation::none, "first project");
  for (const auto& stage : stages) {
    for (int i = 0; i < stage.depth; ++i) {
      const int hidden = build.shape(at).channels * stage.expansion;
      at = build.convolution(at, hidden, 1, 1, 1, Activation::relu6, "expand");
      at = build.convolution(at, hidden, stage.kernel, i == 0 ? stage.stride : 1, hidden, Activation::relu6,
                             "depthwise");
      at = build.convolution(at, stage.channels, 1, 1, 1, Activation::none, "project");
    }
  }
  at = build.convolution(at, 1280, 1, 1, 1, Activation::relu6, "last");
  build.fully_connected(build.global_average_pool(at, "pool"), 1000, "classes");
  return std::move(build).finish();
}

Network mobilenet_v2() {
  return inverted_residuals(
      32, 16, 3,
      {{24, 3, 2, 6, 2}, {32, 3, 2, 6, 3}, {64, 3, 2, 6, 4}, {96, 3, 1, 6, 3}, {160, 3, 2, 6, 3}, {320, 3, 1, 6, 1}});
}

/// MNASNet with these widths of its six stacks, and the stem of width 1.
Network mnasnet(const std::vector<int>& widths) {
  return inverted_residuals(32, 16, 3,
                            {{widths[0], 3, 2, 3, 3},
                             {widths[1], 5, 2, 3, 3},
                             {widths[2], 5, 2, 6, 3},
                             {widths[3], 3, 1, 6, 2},
                             {widths[4], 5, 2, 6, 4},
                             {widths[5], 3, 1, 6, 1}});
}

// Printed by the programme that its authors released (weiwenjiang/hotNAS-CODES20, 44ad9e3) for torchvision's networks.
TEST(Published, FpgaLatenciesOfThreeNetworks) {
  constexpr double half_a_printed_digit = 5e-7;
  EXPECT_NEAR(Paper("fpga(tm=160, tn=12, tmd=576, wp=10, ip=10, op=10)").model.latency_ms(mobilenet_v2()), 12.585792,
              half_a_printed_digit);
  EXPECT_NEAR(
      Paper("fpga(tm=100, tn=18, tmd=704, wp=10, ip=10, op=10)").model.latency_ms(mnasnet({24, 40, 80, 96, 192, 320})),
      11.885112, half_a_printed_digit);
  EXPECT_NEAR(
      Paper("fpga(tm=100, tn=16, tmd=832, wp=6, ip=10, op=14)").model.latency_ms(mnasnet({16, 24, 40, 48, 96, 160})),
      7.982816, half_a_printed_digit);
}

LayerLatency only_layer(const std::string& device, const Shape& in, int channels, int kernel, int stride, int groups) {
  NetworkBuilder build(in);
  build.convolution(0, channels, kernel, stride, groups, Activation::none, "only");
  const Paper paper(device);
  return paper.model.layers(std::move(build).finish()).front();
}

TEST(Fpga, CorrectedCyclesByHand) {
  // 224 x 224 inputs are 7 x 7 tiles of 32 x 32, each of which gives 16 x 16 outputs; all 32 channels in one trip.
  const auto stem = only_layer("fpga(design=4, mode=corrected, mhz=1)", {3, 224, 224}, 32, 3, 2, 1);
  const double compute = 9 * 16 * 16;
  const double outputs = 32 * 16 * 16 / 10.0;
  EXPECT_EQ(stem.bottleneck(), "computing");
  EXPECT_DOUBLE_EQ(stem.limits_ms[0].second, 49 * (3 * 32 * 32 / 10.0) / 1e3);
  EXPECT_DOUBLE_EQ(stem.limits_ms[1].second, 49 * (160 * 12 * 9 / 10.0) / 1e3);
  EXPECT_DOUBLE_EQ(stem.limits_ms[2].second, 49 * compute / 1e3);
  EXPECT_DOUBLE_EQ(stem.limits_ms[3].second, 49 * outputs / 1e3);
  EXPECT_DOUBLE_EQ(stem.ms, (49 * compute + outputs + compute) / 1e3);
}

TEST(Fpga, DepthwiseChannelsBeyondTheLanesCountSquaredOnlyAsPublished) {
  const auto trips = [](const char* mode) {
    const auto at = [&](int channels) {
      const auto layer =
          only_layer(std::string("fpga(design=4, mode=") + mode + ")", {channels, 7, 7}, channels, 3, 1, channels);
      return layer.limits_ms[1].second;  // weights: as long in each trip
    };
    return at(960) / at(576);
  };
  EXPECT_DOUBLE_EQ(trips("published"), 4);
  EXPECT_DOUBLE_EQ(trips("corrected"), 2);
}

TEST(Fpga, PublishedTakesStridesTwice) {
  const auto published = only_layer("fpga(design=4)", {16, 64, 64}, 32, 1, 2, 1);
  const auto corrected = only_layer("fpga(design=4, mode=corrected)", {16, 64, 64}, 32, 1, 2, 1);
  EXPECT_DOUBLE_EQ(corrected.limits_ms[2].second, 4 * published.limits_ms[2].second);
}

Network random_network(std::uint64_t seed) {
  Rng rng(seed);
  NetworkBuilder build({1 + static_cast<int>(rng.below(40)), 8 + static_cast<int>(rng.below(60)), 40});
  int at = 0;
  for (int i = 0; i < 12; ++i) {
    const int in = build.shape(at).channels;
    const bool depthwise = rng.below(2) == 0;
    at = build.convolution(at, depthwise ? in : 1 + static_cast<int>(rng.below(900)),
                           1 + 2 * static_cast<int>(rng.below(4)), 1 + static_cast<int>(rng.below(2)),
                           depthwise ? in : 1, Activation::none, "c");
  }
  return std::move(build).finish();
}

TEST(Fpga, ALayerTakesItsLongestStepAndNothingIsGainedBySlowerParts) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Network network = random_network(seed);
    for (const std::string mode : {"published", "corrected"}) {
      const auto device = [&](int words, int mhz) {
        const std::string ports = std::to_string(words);
        return Paper("fpga(tm=64, tn=8, tmd=200, ip=" + ports + ", op=" + ports + ", wp=" + ports + ", mode=" + mode +
                     ", mhz=" + std::to_string(mhz) + ")");
      };
      const Paper normal = device(10, 100);
      for (const auto& layer : normal.model.layers(network)) {
        const auto longest = std::ranges::max_element(layer.limits_ms, {}, &std::pair<std::string, double>::second);
        EXPECT_EQ(layer.bottleneck(), longest->first);
        if (mode == "published") {
          EXPECT_DOUBLE_EQ(layer.ms, longest->second);
        } else {
          EXPECT_GT(layer.ms, longest->second);  // by filling and draining
        }
      }
      const double ms = normal.model.latency_ms(network);
      EXPECT_GE(device(5, 100).model.latency_ms(network), ms);
      EXPECT_LE(device(5, 100).model.latency_ms(network), 2 * ms);
      EXPECT_NEAR(device(10, 200).model.latency_ms(network), ms / 2, 1e-9 * ms);
    }
  }
}

// The paper, section 4.1: over 10,000 networks of this space most pairs have an SRCC "close to or above 0.9+" (Fig. 7).
TEST(Published, NineDesignsRankNetworksAlike) {
  const SpacePtr space = make_space("mobilenet_v2(resolution=224, width=1.3)");
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    std::vector<Network> networks;
    for (const auto& x : space->sample_distinct(500, rng)) networks.push_back(space->network(x));
    for (const std::string mode : {"published", "corrected"}) {
      std::vector<std::vector<double>> latencies;
      for (int design = 1; design <= 9; ++design) {
        const Paper paper("fpga(design=" + std::to_string(design) + ", mode=" + mode + ")");
        auto& column = latencies.emplace_back();
        for (const auto& network : networks) column.push_back(paper.model.latency_ms(network));
      }
      for (std::size_t a = 0; a < latencies.size(); ++a) {
        for (std::size_t b = 0; b < a; ++b) {
          EXPECT_GE(srcc(latencies[a], latencies[b]), 0.9) << mode << ", designs " << a + 1 << " and " << b + 1;
        }
      }
    }
  }
}

std::string error_of(const std::string& description) {
  try {
    make_device(description);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Fpga, DesignsBeyondTheBoardAreRefusedAndPrintedOnesWarned) {
  const auto with = [](const std::string& settings) { return error_of("fpga(" + settings + ")"); };
  EXPECT_EQ(with("tm=160, tn=12, tmd=601, ip=10, op=10, wp=10"),
            "fpga: tm * tn + tmd takes 2521 DSPs; the board has 2520 (board=none drops the check)");
  EXPECT_EQ(with("tm=160, tn=12, tmd=576, ip=12, op=13, wp=17"),
            "fpga: (ip + op + wp) * 16 takes 672 bits of the port each cycle; the board has 512 (board=none drops the "
            "check)");
  EXPECT_EQ(with("design=9, tr=128, tc=128"), "accepted");
  EXPECT_NE(with("tm=100, tn=16, tmd=832, ip=6, op=14, wp=10, tr=128, tc=128").find("block RAMs"), std::string::npos);
  EXPECT_EQ(with("tm=160, tn=12, tmd=576, ip=12, op=13, wp=17, board=none"), "accepted");
  for (int design = 1; design <= 9; ++design) {
    SCOPED_TRACE(design);
    const auto warnings = Paper("fpga(design=" + std::to_string(design) + ")").model.warnings();
    const auto port =
        std::ranges::count_if(warnings, [](const std::string& text) { return text.find("port") != std::string::npos; });
    EXPECT_EQ(port, design == 3 ? 1 : 0);
  }
}

TEST(Fpga, WrongSettingsAreNamed) {
  EXPECT_EQ(error_of("fpga"),
            "fpga, setting tm: is missing; expected design=1..9, or all of tm, tn, tmd, ip, op and wp");
  EXPECT_NE(error_of("fpga(design=10)").find("setting design: '10' is not a number from 1 to 9"), std::string::npos);
  EXPECT_NE(error_of("fpga(design=1, mode=printed)").find("published, corrected"), std::string::npos);
  EXPECT_NE(error_of("fpga(tm=1, tn=1, tmd=1, ip=1, op=1)").find("setting wp: is missing"), std::string::npos);
  EXPECT_NE(error_of("fpga(design=1, Tm=160)").find("unknown setting 'Tm'"), std::string::npos);
}

}  // namespace
}  // namespace oneproxy
