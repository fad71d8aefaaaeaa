#include "oneproxy/pipeline/fleet_cost.hpp"

namespace oneproxy {

std::vector<CostRow> machine_hours(std::size_t device_count, std::size_t proxy_count, std::size_t measurement_count,
                                   const CostAssumptions& assumptions) {
  const auto n = static_cast<double>(device_count);
  const double c_t = assumptions.training_hours;
  const double c_a = assumptions.accuracy_hours;
  const double c_l = assumptions.latency_hours();
  const double samples = static_cast<double>(measurement_count) * assumptions.seconds_per_measurement / 3600;
  return {
      {"MNasNet", "6912 n", 6912 * n},
      {"FBNet", "216 n", 216 * n},
      {"ProxylessNAS", "(200 + c_L) n", (200 + c_l) * n},
      {"NetAdapt", "c_T + (c_A + c_L) n", c_t + (c_a + c_l) * n},
      {"APQ", "2400 + c_A + c_L n", 2400 + c_a + c_l * n},
      {"ChamNet", "c_T + c_A + c_L n", c_t + c_a + c_l * n},
      {"Once-for-All", "1200 + c_A + c_L n", 1200 + c_a + c_l * n},
      {"one proxy", "c_T + c_A + c_L proxies + samples", c_t + c_a + c_l * static_cast<double>(proxy_count) + samples},
  };
}

}  // namespace oneproxy
