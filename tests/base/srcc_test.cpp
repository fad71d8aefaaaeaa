#include "oneproxy/base/srcc.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

using Values = std::vector<double>;

Values random_values(Rng& rng, std::size_t count, std::uint64_t distinct) {
  Values values(count);
  for (double& value : values) value = static_cast<double>(rng.below(distinct));
  return values;
}

TEST(Srcc, RanksShareTheAverageOfTies) {
  EXPECT_EQ(ranks(Values{30, 10, 20, 10}), (Values{4, 1.5, 3, 1.5}));
  EXPECT_EQ(ranks(Values{7, 7, 7}), (Values{2, 2, 2}));
  EXPECT_TRUE(ranks(Values{}).empty());
}

/// The definition: one, and those that are less, and half of the others that are equal.
Values plain_ranks(const Values& values) {
  Values result;
  for (const double value : values) {
    const auto less = std::ranges::count_if(values, [&](double other) { return other < value; });
    const auto equal = std::ranges::count(values, value);
    result.push_back(static_cast<double>(less) + static_cast<double>(equal + 1) / 2);
  }
  return result;
}

TEST(Srcc, RanksAreTheDefinitionForEverySpreadOfValues) {
  const auto latencies = [](Rng& rng) { return std::exp(0.5 * rng.normal()); };
  const auto both_signs = [](Rng& rng) {
    return rng.normal() * std::pow(10.0, static_cast<double>(rng.below(600)) - 300);
  };
  const auto few = [](Rng& rng) { return static_cast<double>(rng.below(7)) - 3; };
  const auto near_one = [](Rng& rng) { return 1 + static_cast<double>(rng.below(900)) * 0x1p-52; };
  const auto clusters = [](Rng& rng) {  // alike in the leading bits, and an outlier that spreads the range
    return rng.below(500) == 0 ? 1e9 : 1 + static_cast<double>(rng.below(900)) * 0x1p-50;
  };
  const auto extremes = [](Rng& rng) {
    const double values[] = {0.0, -0.0, HUGE_VAL, -HUGE_VAL, DBL_MIN, -DBL_TRUE_MIN, DBL_MAX, -DBL_MAX, 1};
    return values[rng.below(std::size(values))];
  };
  const std::function<double(Rng&)> spreads[] = {latencies, both_signs, few, near_one, clusters, extremes};
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Values values(seed % 3 == 0 ? rng.below(300) : 256 + rng.below(1000));
    for (double& value : values) value = spreads[seed % std::size(spreads)](rng);
    EXPECT_EQ(ranks(values), plain_ranks(values));
  }
}

// IQ and hours of television, the worked example of Wikipedia's "Spearman's rank correlation coefficient": -29/165.
TEST(Srcc, WorkedExampleWithoutTies) {
  const Values iq{86, 97, 99, 100, 101, 103, 106, 110, 112, 113};
  const Values hours{2, 20, 28, 27, 50, 29, 7, 17, 6, 12};
  EXPECT_NEAR(srcc(iq, hours), -29.0 / 165, 1e-15);
}

// By hand: ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5: r = sqrt(0.9).
TEST(Srcc, WorkedExampleWithTies) {
  EXPECT_NEAR(srcc(Values{1, 5, 5, 9}, Values{2, 3, 4, 8}), std::sqrt(0.9), 1e-15);
  // Two pairs of ties that agree in part: ranks 1.5, 1.5, 3.5, 3.5 and 1, 2.5, 2.5, 4: covariance 3, variances 4, 4.5.
  EXPECT_NEAR(srcc(Values{1, 1, 2, 2}, Values{1, 2, 2, 3}), 3 / std::sqrt(18.0), 1e-15);
}

TEST(Srcc, IsNaNWhereAConstantSampleRanksNothing) {
  for (std::size_t count = 0; count < 60; ++count) {
    SCOPED_TRACE("count " + std::to_string(count));
    Rng rng(count);
    Values a(count);
    for (double& value : a) value = rng.normal();
    EXPECT_TRUE(std::isnan(srcc(a, Values(count, 0.1))));
    EXPECT_TRUE(std::isnan(srcc(Values(count, 3.0), a)));
  }
}

TEST(Srcc, SeesOrderAlone) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const std::size_t count = 3 + rng.below(60);
    const Values a = random_values(rng, count, 10);
    const Values b = random_values(rng, count, 1000);
    const double r = srcc(a, b);
    if (std::isnan(r)) continue;  // a constant sample
    Values grown = a;
    Values turned = a;
    for (double& value : grown) value = std::exp(value) + 3;
    for (double& value : turned) value = -value;
    EXPECT_EQ(srcc(grown, b), r);
    EXPECT_NEAR(srcc(turned, b), -r, 1e-14);
    EXPECT_NEAR(srcc(b, a), r, 1e-14);
    EXPECT_LE(std::abs(r), 1);
    EXPECT_NEAR(srcc(a, a), 1, 1e-15);
  }
}

TEST(Srcc, RmseAndPearson) {
  EXPECT_DOUBLE_EQ(rmse(Values{1, 2, 3}, Values{1, 4, 3}), std::sqrt(4.0 / 3));
  EXPECT_TRUE(std::isnan(rmse(Values{}, Values{})));
  EXPECT_NEAR(pearson(Values{1, 2, 3}, Values{2, 4, 6}), 1, 1e-15);
  EXPECT_NEAR(pearson(Values{1, 2, 3}, Values{1, 3, 2}), 0.5, 1e-15);
}

}  // namespace
}  // namespace oneproxy
