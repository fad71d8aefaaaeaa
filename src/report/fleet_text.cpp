#include <cstdio>
#include <nlohmann/json.hpp>

#include "oneproxy/report/fleet_files.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string counts(const json& counted) {
  std::string text;
  for (const auto& [name, count] : counted.items()) {
    text += (text.empty() ? "" : ", ") + format("%zu %s", count.get<std::size_t>(), name.c_str());
  }
  return text;
}

/// "lowest 0.1  tenth 0.5  median 0.9  highest 1.0".
std::string deciles(const json& values) {
  const json& d = values.at("deciles");
  if (d.empty()) return "-";
  return format("lowest %.3f, tenth %.3f, median %.3f, highest %.3f", d[0].get<double>(), d[1].get<double>(),
                d[5].get<double>(), d[10].get<double>());
}

std::string coverage(const json& steps, double threshold) {
  std::string text = format("Proxies, greedily chosen, and the share of the fleet at SRCC >= %.2f:\n", threshold);
  // The curve at 1, 2, 5, 10, 20, 50 ... proxies and at its end.
  std::size_t wanted = 1;
  for (std::size_t k = 1; k <= steps.size(); ++k) {
    if (k != wanted && k != steps.size()) continue;
    text += format("  %6zu  %6.1f%%  %s\n", k, 100 * steps[k - 1].at("share").get<double>(),
                   steps[k - 1].at("proxy").get<std::string>().substr(0, 60).c_str());
    if (k == wanted) wanted = std::to_string(wanted)[0] == '2' ? wanted / 2 * 5 : 2 * wanted;
  }
  return text;
}

}  // namespace

std::string fleet_text(const json& r) {
  std::string text = format("%zu devices (%s), %zu networks to choose from, %zu measurements.\n\n",
                            r.at("device_count").get<std::size_t>(), counts(r.at("devices")).c_str(),
                            r.at("network_count").get<std::size_t>(), r.at("measurements").get<std::size_t>());
  const json& all = r.at("monotonicity").at("all");
  if (!all.at("quantiles").empty()) {
    const json& q = all.at("quantiles");
    text += format(
        "SRCC of %zu pairs of devices: lowest %.3f, tenth %.3f, median %.3f, highest %.3f; %.1f%% at or above "
        "%.2f.\n\n",
        all.at("pairs").get<std::size_t>(), q[0].get<double>(), q[10].get<double>(), q[50].get<double>(),
        q[100].get<double>(), 100 * all.at("share_above").get<double>(), r.at("threshold").get<double>());
  }
  text += coverage(r.at("coverage"), r.at("threshold").get<double>());
  text += "\nKnown proxies:\n";
  for (const auto& proxy : r.at("known_proxies")) {
    text += format("  %-24s nearest to %zu devices, monotone to %zu of these\n",
                   proxy.at("name").get<std::string>().substr(0, 60).c_str(), proxy.at("nearest").get<std::size_t>(),
                   proxy.at("monotone").get<std::size_t>());
  }
  text += "Decisions: " + counts(r.at("decisions")) + "\n\n";
  text += "SRCC of the nearest known proxy: " + deciles(r.at("srcc").at("before")) + "\n";
  text += "  where adapted, before:         " + deciles(r.at("srcc").at("adapted_before")) + "\n";
  text += "  where adapted, after:          " + deciles(r.at("srcc").at("adapted_after")) + "\n";
  if (const json& truth = r.at("truth"); !truth.is_null()) {
    text += "Simulated devices, by their true latencies:\n";
    text += "  SRCC of the known proxy:       " + deciles(truth.at("srcc_before")) + "\n";
    text += "  SRCC of the device's model:    " + deciles(truth.at("srcc_after")) + "\n";
    text += "  hypervolume of its front:      " + deciles(truth.at("front")) + "\n";
    text += "  of its cluster's front:        " + deciles(truth.at("cluster_front")) + "\n";
  }
  text += "Hypervolume of the cluster's front relative to the device's own, as predicted: " +
          deciles(r.at("cluster_front")) + "\n\nMachine-hours (Table 1):\n";
  for (const auto& row : r.at("cost").at("rows")) {
    text += format("  %-14s %14.0f   %s\n", row.at("algorithm").get<std::string>().c_str(),
                   row.at("machine_hours").get<double>(), row.at("formula").get<std::string>().c_str());
  }
  return text;
}

}  // namespace oneproxy
