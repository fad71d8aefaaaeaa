#include "oneproxy/pipeline/fleet_cost.hpp"

#include <gtest/gtest.h>

#include <map>

namespace oneproxy {
namespace {

std::map<std::string, double> hours(std::size_t devices, std::size_t proxies, std::size_t measurements) {
  std::map<std::string, double> result;
  for (const auto& row : machine_hours(devices, proxies, measurements, {})) result[row.algorithm] = row.machine_hours;
  return result;
}

// Section 2.2 of the paper: 10,000 architectures of 20 seconds are over 50 hours for one device.
TEST(FleetCost, LatencyHoursAreThePapers) { EXPECT_NEAR(CostAssumptions{}.latency_hours(), 55.56, 0.01); }

// Table 1 of the paper.
TEST(FleetCost, RowsAreTableOne) {
  const double c_l = CostAssumptions{}.latency_hours();
  const double c_a = CostAssumptions{}.accuracy_hours;
  const auto one = hours(1, 1, 50);
  const auto hundred = hours(100, 1, 5000);
  EXPECT_EQ(one.size(), 8U);
  EXPECT_DOUBLE_EQ(hundred.at("MNasNet"), 691'200);
  EXPECT_DOUBLE_EQ(hundred.at("FBNet"), 21'600);
  EXPECT_NEAR(hundred.at("ProxylessNAS"), 100 * (200 + c_l), 1e-6);
  EXPECT_NEAR(hundred.at("NetAdapt"), 1200 + 100 * (c_a + c_l), 1e-6);
  EXPECT_NEAR(hundred.at("APQ"), 2400 + c_a + 100 * c_l, 1e-6);
  EXPECT_NEAR(hundred.at("ChamNet"), 1200 + c_a + 100 * c_l, 1e-6);
  EXPECT_NEAR(hundred.at("Once-for-All"), 1200 + c_a + 100 * c_l, 1e-6);
}

// A device more costs its samples, and not a predictor of its own.
TEST(FleetCost, OneProxyGrowsByTheSamplesAlone) {
  const double one = hours(1, 1, 50).at("one proxy");
  const double many = hours(1001, 1, 50 * 1001).at("one proxy");
  EXPECT_NEAR(many - one, 1000 * 50 * 20.0 / 3600, 1e-6);
  EXPECT_NEAR(hours(1, 3, 50).at("one proxy") - one, 2 * CostAssumptions{}.latency_hours(), 1e-9);
}

}  // namespace
}  // namespace oneproxy
