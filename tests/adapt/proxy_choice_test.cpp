#include "oneproxy/adapt/proxy_choice.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace oneproxy {
namespace {

Eigen::MatrixXd columns(std::initializer_list<std::initializer_list<double>> values) {
  Eigen::MatrixXd result(static_cast<Eigen::Index>(values.begin()->size()), static_cast<Eigen::Index>(values.size()));
  Eigen::Index c = 0;
  for (const auto& column : values) {
    Eigen::Index r = 0;
    for (const double value : column) result(r++, c) = value;
    ++c;
  }
  return result;
}

TEST(ProxyChoice, OneTargetTakesTheHighestSrcc) {
  const ProxyChoice choice = select_proxy(columns({{5, 4, 3, 2, 1}, {1, 2, 3, 5, 4}, {1, 1, 1, 1, 1}, {2, 1, 4, 3, 5}}),
                                          columns({{10, 20, 30, 40, 50}}));
  EXPECT_EQ(choice.proxy, 1u);
  EXPECT_DOUBLE_EQ(choice.srcc(0, 0), -1);
  EXPECT_DOUBLE_EQ(choice.srcc(1, 0), 0.9);
  EXPECT_TRUE(std::isnan(choice.srcc(2, 0)));
  EXPECT_DOUBLE_EQ(choice.srcc(3, 0), 0.8);
}

TEST(ProxyChoice, MonotoneToMoreTargetsBeatsAHigherMean) {
  // SRCC 0.8 and 0.9 of the first proxy, 1 and 0.6 of the second.
  const Eigen::MatrixXd targets = columns({{1, 2, 3, 4, 5}, {2, 1, 4, 5, 3}});
  const ProxyChoice choice = select_proxy(columns({{2, 1, 3, 5, 4}, {1, 2, 3, 4, 5}}), targets, 0.95);
  EXPECT_EQ(choice.monotone_targets(0), 0);
  EXPECT_EQ(choice.monotone_targets(1), 1);
  EXPECT_EQ(choice.proxy, 1u);
  EXPECT_GT(choice.mean(0), choice.mean(1));
}

TEST(ProxyChoice, FirstOfEquals) {
  const Eigen::MatrixXd same = columns({{1, 2, 3, 4}, {1, 2, 3, 4}});
  EXPECT_EQ(select_proxy(same, same).proxy, 0u);
}

TEST(ProxyChoice, MissingSamplesAreLeftOut) {
  const double missing = std::nan("");
  const ProxyChoice choice = select_proxy(columns({{1, 2, 3, 4, 0}}), columns({{1, 2, 3, 4, missing}}));
  EXPECT_DOUBLE_EQ(choice.srcc(0, 0), 1);
}

}  // namespace
}  // namespace oneproxy
