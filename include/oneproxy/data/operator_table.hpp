#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace oneproxy {

/// One line of a table of operators, as Once-for-All, ProxylessNAS and nn-Meter publish them.
struct OperatorLatency {
  std::string key;
  double latency_ms = 0;
  double deviation_ms = 0;  ///< NaN where not published (of `var` the root)
  double count = 0;         ///< measurements; NaN where not published
};

/// Whether a file's name and first letter are those of YAML or JSON.
bool is_operator_table(const std::filesystem::path& file);

/// YAML (key: mapping of mean and count, and std or var) or JSON (key: number or such a mapping).
/// @throws InputError naming file and key; or what is missing where this build lacks yaml-cpp.
std::vector<OperatorLatency> read_operator_table(const std::filesystem::path& file);

}  // namespace oneproxy
