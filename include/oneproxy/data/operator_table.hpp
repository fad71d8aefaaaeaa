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

/// YAML (key: mapping of mean and count, and std or var), JSON (key: number or such a mapping), or CSV as written by
/// write_operator_csv().
/// @throws InputError naming file and key; or what is missing where this build lacks yaml-cpp.
std::vector<OperatorLatency> read_operator_table(const std::filesystem::path& file);

/// How a written table tells the spread of its measurements.
enum class OperatorSpread {
  deviation,  ///< `std`, as Once-for-All
  variance,   ///< `var`, as ProxylessNAS
};

/// YAML as published: for each key, in alphabetical order, a mapping of `count`, `mean` and `std` or `var`. What is not
/// known of a key (NaN) is left out. read_operator_table() reads the same values. Preconditions: latencies are finite,
/// keys hold no line breaks, no ": " and no " #". @throws InputError where the file cannot be written whole.
void write_operator_yaml(const std::filesystem::path& file, std::vector<OperatorLatency> table, OperatorSpread spread);

/// CSV with the columns operator, latency_ms, deviation_ms, count; what is not known is an empty field. A key with
/// commas or quotes stands in quotes. @throws InputError where the file cannot be written whole.
void write_operator_csv(const std::filesystem::path& file, const std::vector<OperatorLatency>& table);

}  // namespace oneproxy
