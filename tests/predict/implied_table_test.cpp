#include "oneproxy/predict/implied_table.hpp"

#include <gtest/gtest.h>

#include <map>

namespace oneproxy {
namespace {

LinearPredictor random_predictor(const SpacePtr& space, std::uint64_t seed) {
  Rng rng(seed);
  Eigen::VectorXd weights(static_cast<Eigen::Index>(space->feature_count()));
  for (double& weight : weights) weight = 0.05 * rng.normal();  // relative to a block's mean, as fits are
  weights[weights.size() - 1] = 20;
  return {space, weights};
}

TEST(ImpliedTable, ByBlockIsALinearPredictorExactly) {
  for (const char* name : {"mobilenet_v2(resolution=32, width=0.25)", "fbnet", "ofa_mobilenet_v3(resolution=128)"}) {
    SCOPED_TRACE(name);
    const SpacePtr space = make_space(name);
    const OperatorSpace operators(space);
    const LinearPredictor predictor = random_predictor(space, 3);
    const ImpliedTable implied = implied_table(predictor, operators, {.by_block = true});
    EXPECT_LE(implied.rmse_ms, 1e-6 * 20);
    const LookupTablePredictor table(space, implied.entries, operators.grain());
    Rng rng(17);
    const auto xs = space->sample_distinct(500, rng);
    // As far as the iteration was carried.
    EXPECT_LE((table.latency_ms(xs) - predictor.latency_ms(xs)).cwiseAbs().maxCoeff(), 1e-5 * 20);
  }
}

TEST(ImpliedTable, DiffersFromAnyOtherTableOfTheseSumsInLevelsAlone) {
  const SpacePtr space = make_space("mobilenet_v2(resolution=32, width=0.25)");
  const OperatorSpace operators(space);
  Rng rng(8);
  std::vector<OperatorLatency> truth;
  std::map<std::string, double> truth_ms;
  for (const auto& each : operators.operators()) {
    truth.push_back({each.key, 0.1 + rng.uniform(), 0, 1});
    truth_ms[each.key] = truth.back().latency_ms;
  }
  const LookupTablePredictor table(space, truth, operators.grain());
  const ImpliedTable implied = implied_table(table, operators);
  EXPECT_LE(implied.rmse_ms, 1e-5);
  EXPECT_GT(implied.srcc, 0.999999);
  // Choices of one block have one input and one output; between them the latencies' differences must be the truth's.
  std::map<std::string, double> first_error;
  double level = 0;
  for (const auto& entry : implied.entries) {
    const auto in = entry.key.substr(0, entry.key.find('/'));
    const auto last_convolution = entry.key.rfind("/convolution");
    if (last_convolution == std::string::npos) continue;  // the classifier has no other choices
    const auto last = entry.key.substr(last_convolution);
    const bool adds = entry.key.find("/add") != std::string::npos;
    const double error = entry.latency_ms - truth_ms.at(entry.key);
    const auto [place, is_new] = first_error.emplace(in + last + (adds ? "+" : ""), error);
    EXPECT_NEAR(error, place->second, 1e-4) << entry.key;
    level = std::max(level, std::abs(error));
  }
  EXPECT_GT(level, 0.01);  // levels cannot be told from sums: the test would otherwise show nothing
}

TEST(ImpliedTable, OfWhatCostsTheSameForEachFlopIsThat) {
  class Flops final : public Predictor {
   public:
    explicit Flops(SpacePtr space) : space_(std::move(space)) {}
    void predict(std::span<const Architecture> xs, std::span<float> out) const override {
      for (std::size_t i = 0; i < xs.size(); ++i) {
        out[i] = static_cast<float>(1e-6 * costs(space_->network(xs[i])).flops);
      }
    }

   private:
    SpacePtr space_;
  };
  const SpacePtr space = make_space("mobilenet_v2(resolution=32, width=0.25)");
  const OperatorSpace operators(space);
  const ImpliedTable implied = implied_table(Flops(space), operators);
  ASSERT_EQ(implied.entries.size(), operators.operators().size());
  for (std::size_t i = 0; i < implied.entries.size(); ++i) {
    EXPECT_EQ(implied.entries[i].key, operators.operators()[i].key);
    const double expected = 1e-6 * costs(operators.operators()[i].network).flops;
    // Predictors answer in floats.
    EXPECT_NEAR(implied.entries[i].latency_ms, expected, 1e-3 * expected + 1e-5);
  }
  EXPECT_EQ(implied.not_positive_count, 0U);
}

}  // namespace
}  // namespace oneproxy
