#include "oneproxy/space/net_config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {
namespace {

using Json = nlohmann::ordered_json;

Activation activation_of(const Json& name) {
  if (name.is_null()) return Activation::none;
  if (name == "relu6") return Activation::relu6;
  if (name == "relu") return Activation::relu;
  EXPECT_EQ(name, "h_swish");
  return Activation::hard_swish;
}

/// What the published classes build from a config: their constructors, read line by line, with our builder.
class Published {
 public:
  explicit Published(const Json& config)
      : net_({config["first_conv"]["in_channels"], config["image_size"], config["image_size"]}) {
    convolution(config["first_conv"]);
    for (const auto& block : config["blocks"]) {
      residual(block.contains("conv") ? block["conv"] : block["mobile_inverted_conv"], block["shortcut"]);
    }
    if (config["name"] == "MobileNetV3") {
      convolution(config["final_expand_layer"]);
      at_ = net_.global_average_pool(at_, "pool");
      convolution(config["feature_mix_layer"]);
    } else {
      EXPECT_EQ(config["name"], "ProxylessNASNets");
      convolution(config["feature_mix_layer"]);
      at_ = net_.global_average_pool(at_, "pool");
    }
    EXPECT_EQ(config["classifier"]["in_features"], net_.shape(at_).channels);
    net_.fully_connected(at_, config["classifier"]["out_features"], "classifier");
  }
  Network finish() && { return std::move(net_).finish(); }

 private:
  void convolution(const Json& c) {
    EXPECT_EQ(c["in_channels"], net_.shape(at_).channels);
    at_ = net_.convolution(at_, c["out_channels"], c["kernel_size"], c["stride"], c["groups"],
                           activation_of(c["act_func"]), "convolution");
  }
  void residual(const Json& c, const Json& shortcut) {
    const int from = at_;
    const int in = c["in_channels"];
    EXPECT_EQ(in, net_.shape(at_).channels);
    const bool told = c.contains("mid_channels") && !c["mid_channels"].is_null();
    const double ratio = c["expand_ratio"];
    const int mid = told ? c["mid_channels"].get<int>() : static_cast<int>(std::lround(in * ratio));
    const Activation activation = c.contains("act_func") ? activation_of(c["act_func"]) : Activation::relu6;
    if (ratio != 1) at_ = net_.convolution(at_, mid, 1, 1, 1, activation, "expand");
    at_ = net_.convolution(at_, mid, c["kernel_size"], c["stride"], mid, activation, "depthwise");
    if (c.value("use_se", false)) {
      const int squeezed = std::max(8, (mid / 4 + 4) / 8 * 8);  // make_divisible; never 10% below for these widths
      int gate = net_.global_average_pool(at_, "squeeze");
      gate = net_.convolution(gate, squeezed, 1, 1, 1, Activation::relu, "reduce");
      gate = net_.convolution(gate, mid, 1, 1, 1, Activation::hard_sigmoid, "gate");
      at_ = net_.multiply(at_, gate, "excite");
    }
    at_ = net_.convolution(at_, c["out_channels"], 1, 1, 1, Activation::none, "project");
    if (!shortcut.is_null()) at_ = net_.add(from, at_, "add");
  }

  NetworkBuilder net_;
  int at_ = 0;
};

/// Whether a block's first convolution has as many channels as go in: their blocks then have none.
bool expands_to_itself(const Network& network) {
  return std::ranges::any_of(network.layers, [](const Layer& layer) {
    return layer.name.ends_with(".expand") && layer.in.channels == layer.out.channels;
  });
}

class NetConfig : public testing::TestWithParam<const char*> {};

TEST_P(NetConfig, BuildsTheSameNetwork) {
  const SpacePtr space = make_space(GetParam());
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Network expected = space->network(space->sample(rng));
    const Json config = net_config(expected);
    if (expands_to_itself(expected)) {
      EXPECT_TRUE(config.is_null());
      continue;
    }
    ASSERT_TRUE(config.is_object());
    Network built = Published(config).finish();
    ASSERT_EQ(built.layers.size(), expected.layers.size());
    for (auto* network : {&built, &expected}) {
      for (auto& layer : network->layers) layer.name.clear();
    }
    EXPECT_EQ(built, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Spaces, NetConfig,
                         testing::Values("ofa_mobilenet_v3", "mobilenet_v2", "proxyless_nas",
                                         "mobilenet_v2(resolution=28, width=1.15, classes=10, channels=1)"),
                         [](const auto& space) {
                           std::string name = space.param;
                           std::erase_if(name, [](unsigned char c) { return std::isalnum(c) == 0; });
                           return name;
                         });

TEST(NetConfigFields, AreThoseOfThePublishedConstructors) {
  Rng rng(1);
  const SpacePtr ofa = make_space("ofa_mobilenet_v3(resolution=224)");
  const Json config = net_config(ofa->network(ofa->sample(rng)));
  EXPECT_EQ(config["name"], "MobileNetV3");
  EXPECT_EQ(config["image_size"], 224);
  EXPECT_EQ(config["feature_mix_layer"]["use_bn"], false);
  EXPECT_EQ(config["first_conv"]["act_func"], "h_swish");
  const auto& first = config["blocks"][0];
  EXPECT_EQ(first["conv"]["name"], "MBConvLayer");
  EXPECT_EQ(first["conv"]["expand_ratio"], 1);
  EXPECT_EQ(first["shortcut"]["name"], "IdentityLayer");
  EXPECT_TRUE(config["blocks"][1]["shortcut"].is_null());
  // Their constructors refuse a keyword that they do not know.
  const SpacePtr proxyless = make_space("mobilenet_v2");
  const Json block = net_config(proxyless->network(proxyless->sample(rng)))["blocks"][0]["mobile_inverted_conv"];
  EXPECT_EQ(block.size(), 6U);
}

TEST(NetConfigFields, OtherNetworksHaveNone) {
  for (const char* other : {"nas_bench_201", "fbnet", "mobilenet_v3", "vgg", "resnet", "mnasnet"}) {
    const SpacePtr space = make_space(other);
    Rng rng(1);
    EXPECT_TRUE(net_config(space->network(space->sample(rng))).is_null()) << other;
  }
}

}  // namespace
}  // namespace oneproxy
