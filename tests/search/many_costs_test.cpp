#include "oneproxy/search/many_costs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "oneproxy/predict/linear.hpp"
#include "oneproxy/search/pareto.hpp"

namespace oneproxy {
namespace {

std::shared_ptr<const LinearPredictor> random_costs(const SpacePtr& space, std::uint64_t seed) {
  Rng rng(seed);
  Eigen::VectorXd weights(static_cast<Eigen::Index>(space->feature_count()));
  for (double& weight : weights) weight = rng.uniform();
  return std::make_shared<LinearPredictor>(space, weights);
}

TEST(NonDominated, WithTwoColumnsIsTheParetoFront) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Eigen::MatrixXf values(60, 2);
    for (float& value : values.reshaped()) value = static_cast<float>(rng.below(12));  // with ties
    std::vector<float> latency(values.col(0).begin(), values.col(0).end());
    std::vector<float> accuracy;
    for (const float value : values.col(1)) accuracy.push_back(-value);
    EXPECT_EQ(non_dominated(values), pareto_front(latency, accuracy));
  }
}

TEST(NonDominated, KeepsExactlyWhatNothingDominates) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Eigen::MatrixXf values(80, 3);
    for (float& value : values.reshaped()) value = static_cast<float>(rng.uniform());
    const auto kept = non_dominated(values);
    const std::set<std::size_t> front(kept.begin(), kept.end());
    for (std::size_t i = 0; i < 80; ++i) {
      bool dominated = false;
      for (std::size_t j = 0; j < 80; ++j) {
        const auto a = values.row(static_cast<Eigen::Index>(j)).array();
        const auto b = values.row(static_cast<Eigen::Index>(i)).array();
        dominated = dominated || ((a <= b).all() && (a < b).any());
      }
      EXPECT_EQ(front.contains(i), !dominated);
    }
  }
}

class ManyCosts : public testing::Test {
 protected:
  std::vector<ManyCandidate> search(std::span<const Architecture> finite) {
    const Predictor* costs[] = {latency_.get(), energy_.get()};
    EvolutionOptions options;
    options.population = 200;
    options.generations = 30;
    return search_many_costs(*space_, costs, *accuracy_, finite, options);
  }

  SpacePtr space_ = make_space("nas_bench_201");
  std::shared_ptr<const LinearPredictor> latency_ = random_costs(space_, 1);
  std::shared_ptr<const LinearPredictor> energy_ = random_costs(space_, 2);
  std::shared_ptr<const LinearPredictor> accuracy_ = random_costs(space_, 3);
};

TEST_F(ManyCosts, EvolutionFindsMostOfTheTrueFront) {
  std::vector<Architecture> all;
  for (int i = 0; i < 15625; ++i) all.push_back(space_->parse(std::to_string(i)));
  std::set<std::string> truth;
  for (const auto& x : search(all)) truth.insert(space_->text(x.architecture));
  std::size_t found = 0;
  const auto front = search({});
  for (const auto& x : front) found += truth.contains(space_->text(x.architecture)) ? 1U : 0U;
  EXPECT_GT(found, truth.size() * 9 / 10);
  EXPECT_TRUE(std::ranges::is_sorted(front, {}, [](const ManyCandidate& x) { return x.costs[0]; }));
}

TEST_F(ManyCosts, AFewOfThemHoldTheExtremesAndNoneTwice) {
  const auto front = search({});
  const auto few = spread_over(front, 10);
  ASSERT_EQ(few.size(), 10U);
  std::set<std::string> texts;
  for (const auto& x : few) texts.insert(space_->text(x.architecture));
  EXPECT_EQ(texts.size(), 10U);
  const auto least = [](const std::vector<ManyCandidate>& xs, std::size_t c) {
    float result = xs.front().costs[c];
    for (const auto& x : xs) result = std::min(result, x.costs[c]);
    return result;
  };
  EXPECT_EQ(least(few, 0), least(front, 0));
  EXPECT_EQ(least(few, 1), least(front, 1));
  EXPECT_EQ(spread_over(front, front.size()).size(), front.size());
}

}  // namespace
}  // namespace oneproxy
