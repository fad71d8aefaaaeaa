#include "oneproxy/measure/latency_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

const char* const small_space = "mobilenet_v2(resolution=28, width=0.5, classes=10, channels=1, strides=2:2:1:2:1:2)";

const std::vector<std::string> papers{
    "fpga(design=1)",
    "fpga(design=3, mode=corrected, tr=16, mhz=150.5)",
    "fpga(tm=64, tn=8, tmd=200, ip=4, op=4, wp=4)",
    "fpga(tm=640, tn=80, tmd=200, ip=40, op=40, wp=40, board=none)",
    "roofline(device=s5e)",
    "roofline(peak_gflops=0.1, bandwidth_gbs=12.5, launch_us=3)",
    "gables(peak_gflops=40, bandwidth_gbs=15, acceleration=1:5, ip_bandwidth_gbs=6:15, work=0.25:0.75)"};

Network random_network(std::uint64_t seed) {
  const SpacePtr space = make_space(small_space);
  Rng rng(seed);
  return space->network(space->sample(rng));
}

std::string number(double value) { return std::to_string(value); }

double limit_ms(const LayerLatency& layer, const std::string& name) {
  return std::ranges::find(layer.limits_ms, name, &std::pair<std::string, double>::first)->second;
}

TEST(LatencyModel, DescriptionsMakeTheSameDeviceAgain) {
  const Network network = random_network(1);
  for (const auto& text : papers) {
    const auto device = make_device(text);
    const auto again = make_device(device->description());
    EXPECT_EQ(again->description(), device->description());
    EXPECT_EQ(latency_model(*again)->layers(network), latency_model(*device)->layers(network)) << text;
  }
}

TEST(LatencyModel, DevicesAnswerWithTheSumOfTheLayers) {
  const SpacePtr space = make_space(small_space);
  Rng rng(1);
  const auto xs = space->sample_distinct(30, rng);
  for (const auto& text : papers) {
    SCOPED_TRACE(text);
    const auto device = make_device(text);
    std::size_t heard = 0;
    device->measure(*space, xs, {},
                    [&](const Measurement& m) {
                      EXPECT_EQ(m.architecture, xs[heard++]);
                      const auto layers = latency_model(*device)->layers(space->network(m.architecture));
                      double sum = 0;
                      for (const auto& layer : layers) sum += layer.ms;
                      EXPECT_DOUBLE_EQ(m.median_ms, sum);
                      EXPECT_EQ(m.mean_ms, m.median_ms);
                      EXPECT_EQ(m.runs, 1);
                      EXPECT_EQ(m.stopped_by, "model");
                      EXPECT_EQ(m.core, -1);
                    },
                    {});
    EXPECT_EQ(heard, xs.size());
    EXPECT_TRUE(device->facts().engine.starts_with("computed: ")) << device->facts().engine;
  }
}

TEST(LatencyModel, OnlyDevicesOnPaperHaveOne) {
  EXPECT_EQ(latency_model(*make_device("onednn")), nullptr);
  const auto kinds = device_kinds();
  for (const std::string name : {"fpga", "roofline", "gables"}) {
    const auto kind = std::ranges::find(kinds, name, &DeviceKind::name);
    ASSERT_NE(kind, kinds.end()) << name;
    EXPECT_TRUE(kind->available);
  }
}

/// Networks of one fully-connected layer.
class ClassifierSpace final : public SearchSpace {
 public:
  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override { return decisions_; }
  Network network(const Architecture&) const override {
    NetworkBuilder build({8, 1, 1});
    build.fully_connected(0, 10, "classes");
    return std::move(build).finish();
  }

 private:
  std::string description_ = "classifier";
  std::vector<Decision> decisions_{{"none", {"only"}}};
};

TEST(LatencyModel, ANetworkThatTakesNoTimeIsRefusedByName) {
  const ClassifierSpace space;
  const std::vector<Architecture> xs{{0}};
  try {
    make_device("fpga(design=1)")->measure(space, xs, {}, {}, {});
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("architecture 0: takes no time"), std::string::npos) << error.what();
  }
}

// The definition of the roofline: a layer runs at min(peak, bandwidth x operational intensity).
TEST(Roofline, LayersRunAtTheRoof) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Network network = random_network(seed);
    const double peak = 1 + static_cast<double>(rng.below(1000)) / 8;
    const double bandwidth = 1 + static_cast<double>(rng.below(1000)) / 32;
    const auto device =
        make_device("roofline(peak_gflops=" + number(peak) + ", bandwidth_gbs=" + number(bandwidth) + ")");
    const auto layers = latency_model(*device)->layers(network);
    ASSERT_EQ(layers.size(), network.layers.size() - 1);
    double bytes = 0;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const double layer_bytes = limit_ms(layers[i], "memory") * bandwidth * 1e6;
      const auto flops = static_cast<double>(network.layers[i + 1].flops());
      EXPECT_NEAR(flops / layers[i].ms / 1e6, std::min(peak, bandwidth * flops / layer_bytes), 1e-9 * peak);
      bytes += layer_bytes;
    }
    EXPECT_NEAR(bytes, costs(network).bytes, 1e-9 * bytes);
  }
}

// Table 2 of the paper.
TEST(Published, RooflinesOfThePapersDevices) {
  EXPECT_EQ(make_device("roofline(device=s5e)")->description(),
            "roofline(peak_gflops=40.6, bandwidth_gbs=14.93, launch_us=0)");
  EXPECT_EQ(make_device("roofline(device=taba)")->description(),
            "roofline(peak_gflops=15.3, bandwidth_gbs=7.46, launch_us=0)");
  EXPECT_EQ(make_device("roofline(device=lenovo, launch_us=2)")->description(),
            "roofline(peak_gflops=26.5, bandwidth_gbs=7.5, launch_us=2)");
}

TEST(Roofline, ALaunchAddsToEveryLayer) {
  const Network network = random_network(3);
  const auto plain = latency_model(*make_device("roofline(device=taba)"))->layers(network);
  const auto launched = latency_model(*make_device("roofline(device=taba, launch_us=1e6)"))->layers(network);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_NEAR(launched[i].ms, plain[i].ms + 1000, 1e-9);
    EXPECT_EQ(launched[i].bottleneck(), "launch");
  }
}

TEST(Gables, OneProcessorWithAWideLinkIsARoofline) {
  const auto gables = make_device(
      "gables(peak_gflops=15.3, bandwidth_gbs=7.46, acceleration=1, ip_bandwidth_gbs=8, work=1, launch_us=1.5)");
  const auto roofline = make_device("roofline(device=taba, launch_us=1.5)");
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Network network = random_network(seed);
    const double ms = latency_model(*roofline)->latency_ms(network);
    EXPECT_NEAR(latency_model(*gables)->latency_ms(network), ms, 1e-12 * ms);
  }
}

// Attainable FLOP/s = 1 / sum_i max(f_i / I / B_peak, f_i / (B_i I), f_i / (A_i P_peak)), one processor after the
// other.
TEST(Gables, TwoProcessorsAttainWhatTheEquationSays) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const auto draw = [&](double low) { return low + static_cast<double>(rng.below(64)) / 4; };
    const double peak = draw(1);
    const double shared = draw(1);
    const double acceleration = draw(0.25);
    const double links[2] = {draw(1), draw(1)};
    const double work = static_cast<double>(rng.below(9)) / 8;
    const Network network = random_network(seed);
    const auto device =
        make_device("gables(peak_gflops=" + number(peak) + ", bandwidth_gbs=" + number(shared) +
                    ", acceleration=1:" + number(acceleration) + ", ip_bandwidth_gbs=" + number(links[0]) + ":" +
                    number(links[1]) + ", work=" + number(work) + ":" + number(1 - work) + ")");
    const auto layers = latency_model(*device)->layers(network);
    const auto roofline = make_device("roofline(peak_gflops=1, bandwidth_gbs=1)");
    const auto units = latency_model(*roofline)->layers(network);  // compute: MFLOP, memory: megabytes
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const double intensity = limit_ms(units[i], "compute") / limit_ms(units[i], "memory");
      const auto share = [&](double f, double a, double link) {
        return std::max({f / intensity / shared, f / (link * intensity), f / (a * peak)});
      };
      const double attainable = 1 / (share(work, 1, links[0]) + share(1 - work, acceleration, links[1]));
      EXPECT_NEAR(limit_ms(units[i], "compute") / layers[i].ms, attainable, 1e-9 * attainable);
    }
  }
}

TEST(LatencyModel, WrongSettingsAreNamed) {
  const auto message = [](const std::string& description) -> std::string {
    try {
      make_device(description);
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  const std::string two = "gables(peak_gflops=1, bandwidth_gbs=1, acceleration=1:2, ip_bandwidth_gbs=1:1, work=";
  EXPECT_EQ(message("roofline"), "roofline, setting peak_gflops: is missing; expected a number above 0");
  EXPECT_NE(message("roofline(device=s5)").find("did you mean 's5e'?"), std::string::npos);
  EXPECT_NE(message("roofline(peak_gflops=-1, bandwidth_gbs=1)").find("setting peak_gflops: '-1'"), std::string::npos);
  EXPECT_NE(message("roofline(peak_gflops=nan, bandwidth_gbs=1)").find("setting peak_gflops: 'nan'"),
            std::string::npos);
  EXPECT_EQ(message(two + "0.5:0.5)"), "accepted");
  EXPECT_EQ(message(two + "0.5:0.4)"), "gables, setting work: has the sum 0.9; expected shares with the sum 1");
  EXPECT_EQ(message(two + "1)"), "gables, setting work: has 1 numbers; expected as many as acceleration: 2");
  for (const char* bad : {"0.5:", ":1", "0.5;0.5", "-0.5:1.5", "nan:1", "inf:1", "0.5:0.5:"}) {
    EXPECT_NE(message(two + bad + ")").find("setting work: '" + std::string(bad)), std::string::npos)
        << message(two + bad + ")");
  }
  EXPECT_NE(message("gables(peak_gflops=1, bandwidth_gbs=1, acceleration=2, ip_bandwidth_gbs=1, work=1)")
                .find("setting acceleration: starts with another number than 1"),
            std::string::npos);
}

}  // namespace
}  // namespace oneproxy
