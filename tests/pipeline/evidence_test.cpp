#include "oneproxy/pipeline/evidence.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "fixtures.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/pipeline/run.hpp"

namespace oneproxy::test {
namespace {

TEST(EarlierEstimates, EndWithAllSamplesAndKeepTheOrder) {
  std::vector<double> proxy;
  std::vector<double> latency;
  Rng rng(5);
  for (int i = 0; i < 60; ++i) {
    proxy.push_back(rng.normal());
    latency.push_back(proxy.back() + rng.normal());
  }
  std::vector<std::size_t> asked;
  const auto after = [&](std::span<const std::size_t> some) {
    asked.assign(some.begin(), some.end());
    return SrccEstimate{.srcc = 0.5, .sample_count = some.size()};
  };
  const auto estimates = earlier_estimates(proxy, latency, after, 9);
  std::vector<std::size_t> counts;
  for (const auto& e : estimates) counts.push_back(e.before.sample_count);
  EXPECT_EQ(counts, (std::vector<std::size_t>{10, 15, 20, 30, 50, 60}));
  EXPECT_EQ(estimates.back().before.srcc, srcc(proxy, latency));
  EXPECT_EQ(estimates.back().after->sample_count, 60U);
  // Each sample once.
  std::ranges::sort(asked);
  EXPECT_EQ(std::ranges::adjacent_find(asked), asked.end());
  EXPECT_EQ(asked.size(), 60U);
  EXPECT_FALSE(earlier_estimates(proxy, latency, {}, 9).front().after.has_value());
  EXPECT_EQ(earlier_estimates(proxy, latency, {}, 9)[2].before.srcc, estimates[2].before.srcc);
  EXPECT_TRUE(earlier_estimates({}, {}, {}, 1).empty());
}

class RunEvidence : public testing::Test {
 protected:
  RunResult run(Device& target, bool evidence, const std::vector<Proxy>& proxies, Method method = Method::adapt) const {
    const StoreFile file;
    Store store(file.path());
    RunSettings settings;
    settings.space = space_->description();
    settings.device = "calculated";
    const auto id = store.begin_run(settings);
    RunOptions options;
    options.candidate_count = 1000;
    options.exhaustive = true;
    options.evidence = evidence;
    options.method = method;
    options.wanted_front = 1;
    return run_algorithm1(space_, target, proxies, *accuracy_, options, store, id, {});
  }

  SpacePtr space_ = small_space();
  std::shared_ptr<const LinearPredictor> proxy_ = random_costs(space_, 1);
  std::shared_ptr<const LinearPredictor> other_ = random_costs(space_, 3);
  std::shared_ptr<const LinearPredictor> accuracy_ = random_costs(space_, 2);
};

TEST_F(RunEvidence, OfAnAdaptedProxyHasBothFronts) {
  CalculatedDevice target(other_);
  const RunResult result = run(target, true, {{"proxy", proxy_}, {"again", proxy_}});
  ASSERT_TRUE(result.lambda.has_value());
  const Evidence& e = *result.evidence;
  EXPECT_FALSE(e.predicted.empty());
  EXPECT_FALSE(e.proxy_only.empty());
  for (const auto* front : {&e.predicted, &e.proxy_only}) {
    for (std::size_t i = 1; i < front->size(); ++i) {
      EXPECT_LE((*front)[i - 1].latency_ms, (*front)[i].latency_ms);
      EXPECT_LE((*front)[i - 1].accuracy, (*front)[i].accuracy);
    }
  }
  // The networks that were measured were proposed, with the latency that was predicted for them.
  for (const auto& network : result.front) {
    const auto same = std::ranges::find(e.predicted, network.measured.architecture, &Proposal::architecture);
    ASSERT_NE(same, e.predicted.end());
    EXPECT_EQ(same->latency_ms, network.predicted_latency_ms);
  }
  EXPECT_EQ(e.devices.names, (std::vector<std::string>{"proxy", "again", "target"}));
  EXPECT_EQ(e.devices.srcc[0][1], 1);
  EXPECT_EQ(e.devices.srcc[0][2], result.before.srcc);
  EXPECT_EQ(e.devices.srcc[2][1], result.before.srcc);
  EXPECT_EQ(e.estimates.back().before.srcc, result.before.srcc);
  ASSERT_TRUE(e.estimates.back().after.has_value());
  ASSERT_EQ(e.flops.size(), result.samples.size());
  const NetworkCosts first = costs(space_->network(result.samples[0].measured.architecture));
  EXPECT_EQ(e.flops[0], first.flops);
  EXPECT_EQ(e.bytes[0], first.bytes);
  EXPECT_FALSE(e.repeats.empty());
  EXPECT_EQ(e.repeats[0].first.architecture, e.repeats[0].again.architecture);
}

// Samples that serve the front would flatter or spoil a ranking; the matrix and the curve tell what the result does.
TEST_F(RunEvidence, OfThePosteriorJudgesByTheSamplesThatTheResultIsJudgedBy) {
  CalculatedDevice target(other_);
  const RunResult result = run(target, true, {{"proxy", proxy_}, {"again", proxy_}}, Method::posterior);
  const Evidence& e = *result.evidence;
  ASSERT_LT(result.before.sample_count, result.samples.size());
  EXPECT_EQ(e.devices.srcc[0][2], result.before.srcc);
  EXPECT_EQ(e.estimates.back().before.sample_count, result.before.sample_count);
  EXPECT_NEAR(e.estimates.back().before.srcc, result.before.srcc, 1e-12);  // summed in another order
  EXPECT_EQ(e.flops.size(), result.samples.size());
}

TEST_F(RunEvidence, ChangesNothingElseAndIsLeftOutUnlessAskedFor) {
  CalculatedDevice target(other_);
  const RunResult with = run(target, true, {{"proxy", proxy_}});
  const RunResult without = run(target, false, {{"proxy", proxy_}});
  EXPECT_FALSE(without.evidence.has_value());
  ASSERT_EQ(with.front.size(), without.front.size());
  for (std::size_t i = 0; i < with.front.size(); ++i) {
    EXPECT_EQ(with.front[i].measured.architecture, without.front[i].measured.architecture);
  }
}

TEST_F(RunEvidence, OfAMonotoneProxyHasOneFront) {
  CalculatedDevice target(proxy_);
  EXPECT_TRUE(run(target, true, {{"proxy", proxy_}}).evidence->proxy_only.empty());
}

}  // namespace
}  // namespace oneproxy::test
