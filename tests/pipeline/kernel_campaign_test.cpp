#include "oneproxy/pipeline/kernel_campaign.hpp"

#include <gtest/gtest.h>

#include <map>

#include "measure/temporary_folder.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/space/search_space.hpp"
#include "pipeline/isolated_kernel.hpp"

namespace oneproxy {
namespace {

/// What an operator takes on the device below.
double operator_ms(const Layer& layer) {
  if (layer.kind == LayerKind::input) return 0;
  return 0.001 + 1e-7 * static_cast<double>(layer.flops()) + 2e-7 * static_cast<double>(layer.out.elements());
}

/// A device of sums, on which an activation costs nothing behind a convolution that it alone reads.
class FusingDevice final : public Device {
 public:
  const std::string& description() const override { return description_; }
  MachineFacts facts() const override { return {}; }
  void measure(const SearchSpace& space, std::span<const Architecture> xs, const Protocol&, const MeasurementSink& sink,
               const ProgressCallback&) override {
    for (const auto& x : xs) {
      if (measured == stop_after) throw Stopped("enough");
      ++measured;
      Measurement m;
      m.architecture = x;
      m.raw_ms = {static_cast<float>(latency_ms(space.network(x)))};
      m.median_ms = latency_ms(space.network(x));
      m.mean_ms = m.p90_ms = m.median_ms;
      m.runs = 1;
      m.stopped_by = "model";
      sink(m);
    }
  }
  static double latency_ms(const Network& network) {
    const Network operators = split_activations(network);
    std::vector<int> readers(operators.layers.size(), 0);
    for (const Layer& layer : operators.layers) {
      for (const int input : layer.inputs) ++readers[static_cast<std::size_t>(input)];
    }
    double ms = 0.05;
    for (const Layer& layer : operators.layers) {
      const bool free = layer.kind == LayerKind::activation &&
                        readers[static_cast<std::size_t>(layer.inputs[0])] == 1 &&
                        operators.layers[static_cast<std::size_t>(layer.inputs[0])].kind == LayerKind::convolution;
      ms += free ? 0 : operator_ms(layer);
    }
    return ms;
  }

  std::size_t measured = 0;
  std::size_t stop_after = static_cast<std::size_t>(-1);

 private:
  std::string description_ = "a device of sums";
};

struct Campaign {
  testing::TemporaryFolder folder;
  Store store{folder / "kernels.sqlite"};
  std::int64_t run = store.begin_run({.command = "kernels", .space = "", .device = "", .protocol = {}, .facts = {}});
};

std::vector<Network> examples(const SearchSpace& space, int count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Network> networks;
  for (int i = 0; i < count; ++i) networks.push_back(space.network(space.sample(rng)));
  return networks;
}

class KernelCampaignTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_fit_forests()) GTEST_SKIP() << "this build has no OpenCV ml";
  }
};

TEST_F(KernelCampaignTest, FindsWhatTheDeviceFusesAndPredictsOtherNetworks) {
  const auto space = make_space("mobilenet_v2(resolution=32, width=0.25)");
  FusingDevice device;
  Campaign campaign;
  const auto result = run_kernel_campaign(device, examples(*space, 40, 1), {}, campaign.store, campaign.run, {});
  std::map<std::pair<std::string, std::string>, bool> fused;
  for (const auto& rule : result.rules) fused[{rule.first, rule.second}] = rule.fused;
  EXPECT_TRUE((fused.at({"convolution", "relu6"})));
  EXPECT_TRUE((fused.at({"depthwise_convolution", "relu6"})));
  EXPECT_FALSE((fused.at({"relu6", "convolution"})));
  EXPECT_FALSE((fused.at({"relu6", "depthwise_convolution"})));
  EXPECT_FALSE((fused.at({"convolution", "add"})));
  EXPECT_FALSE((fused.at({"convolution", "convolution"})));
  EXPECT_TRUE(result.left_out.empty());
  EXPECT_EQ(device.measured, result.model.parts().measurement_count);

  const auto others = examples(*space, 40, 2);
  std::vector<double> truth;
  for (const auto& network : others) truth.push_back(FusingDevice::latency_ms(network));
  const auto counts = result.model.latency_ms(others, KernelModel::Form::counts);
  const auto forests = result.model.latency_ms(others);
  EXPECT_GT(srcc(forests, truth), 0.95);
  for (std::size_t i = 0; i < others.size(); ++i) EXPECT_NEAR(forests[i], truth[i], 0.1 * truth[i]) << i;
  // Each kernel's own latency: the sum is the truth, but for the few configurations that 40 networks lack.
  EXPECT_GT(srcc(counts, truth), 0.99);
}

TEST_F(KernelCampaignTest, GoesOnWhereItWasStopped) {
  const auto space = make_space("mobilenet_v2(resolution=32, width=0.25)");
  const auto networks = examples(*space, 3, 1);
  FusingDevice whole;
  Campaign at_once;
  const auto expected = run_kernel_campaign(whole, networks, {}, at_once.store, at_once.run, {});
  Campaign campaign;
  std::size_t total = 0;
  for (const std::size_t part : {std::size_t{5}, whole.measured / 2}) {
    FusingDevice device;
    device.stop_after = part;
    EXPECT_THROW(run_kernel_campaign(device, networks, {}, campaign.store, campaign.run, {}), Stopped);
    total += device.measured;
  }
  FusingDevice device;
  const auto result = run_kernel_campaign(device, networks, {}, campaign.store, campaign.run, {});
  EXPECT_EQ(total + device.measured, whole.measured);
  EXPECT_EQ(result.model.parts(), expected.model.parts());
}

TEST_F(KernelCampaignTest, MeasuresNoMoreOfAKindThanItWasTold) {
  const auto space = make_space("mobilenet_v2(resolution=32, width=0.25)");
  FusingDevice device;
  Campaign campaign;
  KernelCampaignOptions options;
  options.kernels_of_a_kind = 4;
  options.pair_sizes = 1;
  const auto result = run_kernel_campaign(device, examples(*space, 10, 1), options, campaign.store, campaign.run, {});
  for (const auto& kind : result.kinds) EXPECT_LE(kind.measured, 4U) << kind.kind;
}

/// Every operator of every space can be measured alone, and what it reads has the shapes that it had.
TEST(IsolatedKernel, KeepsConfigurationsOfAllSpaces) {
  std::size_t with_prelude = 0;
  for (const char* text : {"mobilenet_v2(resolution=32, width=0.5)", "nas_bench_201(dataset=cifar10)",
                           "ofa_mobilenet_v3(resolution=64)", "googlenet(resolution=32)", "resnet(resolution=32)",
                           "shufflenet_v2(resolution=32)", "densenet(resolution=32)", "squeezenet(resolution=32)"}) {
    SCOPED_TRACE(text);
    const auto space = make_space(text);
    const Network operators = split_activations(examples(*space, 1, 4).front());
    for (const Kernel& kernel : split_kernels(operators, {{{"convolution", "add"}, {"convolution", "relu"}}, {}})) {
      const auto isolated = isolate(operators, kernel.layers);
      ASSERT_TRUE(isolated.has_value()) << kernel_config(operators, kernel).text;
      std::vector<int> tail;
      for (std::size_t i = 0; i < kernel.layers.size(); ++i) {
        tail.push_back(static_cast<int>(isolated->network.layers.size() - kernel.layers.size() + i));
      }
      EXPECT_EQ(kernel_config(isolated->network, {tail}).text, kernel_config(operators, kernel).text);
      with_prelude += isolated->preludes.size();
    }
  }
  EXPECT_GT(with_prelude, 0U);
}

}  // namespace
}  // namespace oneproxy
