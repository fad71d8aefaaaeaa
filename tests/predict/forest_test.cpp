#include "oneproxy/predict/forest.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/rng.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

TEST(Forest, IsTheMeanOfItsTrees) {
  const std::vector<TreeNode> stump{
      {.feature = 1, .threshold = 2.5, .left = 1, .right = 2, .value = 0}, {.value = 10}, {.value = 20}};
  const Forest forest(2, {stump, {{.value = 4}}});
  EXPECT_EQ(forest(std::vector<double>{9.0, 2.5}), 7);
  EXPECT_EQ(forest(std::vector<double>{9.0, 2.6}), 12);
}

TEST(Forest, RefusesTreesThatWouldNotEnd) {
  EXPECT_THROW(Forest(1, {}), InputError);
  EXPECT_THROW(Forest(1, {{}}), InputError);
  EXPECT_THROW(Forest(1, {{{.feature = 0, .left = 0, .right = 1}, {}}}), InputError);  // a child of its own
  EXPECT_THROW(Forest(1, {{{.feature = 0, .left = 1, .right = 2}, {}}}), InputError);  // no node 2
  EXPECT_THROW(Forest(1, {{{.feature = 1, .left = 1, .right = 2}, {}, {}}}), InputError);
  EXPECT_THROW(Forest(1, {{{.feature = -2}}}), InputError);
  EXPECT_THROW(Forest(1, {{{.value = std::nan("")}}}), InputError);
}

/// Latencies in ms as they come: from a microsecond to some ms.
struct Data {
  Eigen::MatrixXd x;
  std::vector<double> y;
};

Data data(std::uint64_t seed, int count) {
  Rng rng(seed);
  Data result{Eigen::MatrixXd(count, 3), {}};
  for (int i = 0; i < count; ++i) {
    for (int j = 0; j < 3; ++j) result.x(i, j) = static_cast<double>(1 + rng.below(64));
    result.y.push_back(1e-6 * result.x(i, 0) * result.x(i, 1) + 1e-3 * (result.x(i, 2) > 32 ? 1 : 0));
  }
  return result;
}

class ForestFit : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_fit_forests()) GTEST_SKIP() << "this build has no OpenCV ml";
  }
};

TEST_F(ForestFit, LearnsAFunctionOfItsFeatures) {
  const Data train = data(1, 600);
  const Data test = data(2, 200);
  const Forest forest = fit_forest(train.x, train.y);
  std::vector<double> predicted;
  for (int i = 0; i < test.x.rows(); ++i) {
    const Eigen::RowVectorXd row = test.x.row(i);
    predicted.push_back(forest({row.data(), 3}));
  }
  EXPECT_GT(srcc(predicted, test.y), 0.97);
  double mean = 0;
  for (const double y : test.y) mean += y / 200;
  std::vector<double> constant(200, mean);
  EXPECT_LT(rmse(predicted, test.y), 0.3 * rmse(constant, test.y));
}

TEST_F(ForestFit, SameSeedSameForestAndAnotherSeedAnother) {
  const Data train = data(1, 100);
  const Forest a = fit_forest(train.x, train.y, {.seed = 7});
  fit_forest(train.x, train.y, {.seed = 8});  // leaves the library's generator elsewhere
  EXPECT_EQ(a, fit_forest(train.x, train.y, {.seed = 7}));
  EXPECT_NE(a, fit_forest(train.x, train.y, {.seed = 8}));
}

TEST_F(ForestFit, PredictsAConstantAndASingleSample) {
  Data train = data(1, 20);
  train.y.assign(20, 0.25);
  EXPECT_EQ(fit_forest(train.x, train.y)(std::vector<double>{1, 2, 3}), 0.25);
  const Eigen::MatrixXd one = train.x.topRows(1);
  EXPECT_EQ(fit_forest(one, std::vector<double>{0.5})(std::vector<double>{1, 2, 3}), 0.5);
}

TEST_F(ForestFit, SurvivesItsFileForm) {
  const Data train = data(3, 50);
  const Forest forest = fit_forest(train.x, train.y, {.trees = 5});
  EXPECT_EQ(forest_of_json(nlohmann::json::parse(to_json(forest).dump())), forest);
}

}  // namespace
}  // namespace oneproxy
