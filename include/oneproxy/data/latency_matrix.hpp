#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace oneproxy {

/// Latencies of networks (rows) on devices (columns), whatever the networks are; NaN where there is none.
struct LatencyMatrix {
  std::vector<std::string> networks;
  std::vector<std::string> devices;
  Eigen::MatrixXd latency_ms;

  /// The columns of these devices. @throws InputError for a name that there is not, with those that there are.
  LatencyMatrix select(std::span<const std::string> names) const;
  /// The columns that have at least `count` values, and the rows that one of these has a value in.
  LatencyMatrix with_values(std::size_t count) const;
};

struct LatencyMatrixOptions {
  /// Columns at the beginning of a line that name the network.
  std::size_t key_columns = 1;
  /// A number that stands for a missing value.
  std::optional<double> missing = {};
  /// Take numbers that are not positive as they are; else they are an error.
  bool any_value = false;

  // A table with one measurement on each line (device_columns not empty): which columns name the device, the network
  // and the latency, and which values other columns must have for a line to count. Repeated measurements count with
  // their median.
  std::vector<std::string> device_columns = {};
  std::string network_column = "model";
  std::string value_column = "latency_ms";
  std::vector<std::pair<std::string, std::string>> where = {};
};

/// Reads CSV with a header; lines that begin with # before it are notes, fields may be quoted, an empty field, `nan`
/// and options.missing are missing values. Networks and devices keep their order in the file.
/// @throws InputError naming file, line and column.
LatencyMatrix read_latency_matrix(const std::filesystem::path& file, const LatencyMatrixOptions& options = {});

/// All devices of several tables, and the networks that any of them has, by their names.
/// @throws InputError where a device stands in two. Precondition: at least one.
LatencyMatrix join_latencies(std::span<const LatencyMatrix> tables);

}  // namespace oneproxy
