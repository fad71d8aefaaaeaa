#pragma once

// Spaces and latencies of the published tables (docs/results/monotonicity.md names their origin). They are not part of
// the project: tests that need them skip where the folder is absent.

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy::published {

/// ONEPROXY_DATA, by default ../shared/data beside the project.
inline std::filesystem::path folder() {
  if (const char* set = std::getenv("ONEPROXY_DATA")) return set;
  return std::filesystem::path(ONEPROXY_SOURCE_DIR).parent_path() / "shared" / "data";
}

/// A space of independent decisions with the default one-hot encoding and no networks.
class PlainSpace final : public SearchSpace {
 public:
  PlainSpace(std::string description, std::vector<Decision> decisions)
      : description_(std::move(description)), decisions_(std::move(decisions)) {}
  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override { return decisions_; }
  Network network(const Architecture&) const override { return {}; }

 private:
  std::string description_;
  std::vector<Decision> decisions_;
};

inline SpacePtr plain_space(std::string description, std::size_t decisions, const std::vector<std::string>& options) {
  return std::make_shared<PlainSpace>(std::move(description),
                                      std::vector<Decision>(decisions, Decision{"operator", options}));
}

struct LatencyTable {
  SpacePtr space;
  std::vector<Architecture> architectures;
  std::vector<std::string> devices;
  Eigen::MatrixXd latency_ms;  ///< architectures x devices; NaN where missing

  std::vector<double> column(const std::string& device) const {
    for (std::size_t d = 0; d < devices.size(); ++d) {
      if (devices[d] != device) continue;
      const auto values = latency_ms.col(static_cast<Eigen::Index>(d));
      return {values.begin(), values.end()};
    }
    throw std::invalid_argument("no device " + device);
  }
};

inline std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> result;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, ',');) result.push_back(field);
  return result;
}

/// Fills devices and latencies from a CSV whose first `key_fields` fields are made an architecture by `parse`.
template <class Parse>
LatencyTable read_table(const std::filesystem::path& file, SpacePtr space, std::size_t key_fields, Parse parse) {
  std::ifstream stream(file);
  LatencyTable table{.space = std::move(space), .architectures = {}, .devices = {}, .latency_ms = {}};
  std::string line;
  std::getline(stream, line);
  table.devices = fields(line);
  table.devices.erase(table.devices.begin(), table.devices.begin() + static_cast<std::ptrdiff_t>(key_fields));
  std::vector<double> values;
  while (std::getline(stream, line)) {
    const std::vector<std::string> row = fields(line);
    table.architectures.push_back(parse(row));
    for (std::size_t d = 0; d < table.devices.size(); ++d) {
      const double value = std::stod(row.at(key_fields + d));
      values.push_back(value > 0 ? value : std::nan(""));  // -1 marks networks that a device could not run
    }
  }
  table.latency_ms = Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
      values.data(), static_cast<Eigen::Index>(table.architectures.size()),
      static_cast<Eigen::Index>(table.devices.size()));
  return table;
}

inline std::filesystem::path nasbench201_file() { return folder() / "nasbench201" / "oneproxy_latency_ms.csv"; }
inline std::filesystem::path fbnet_file() { return folder() / "fbnet" / "help_latency_ms.csv"; }

/// 1,999 architectures x 18 devices: six edges of five operators, |operator~source|.
inline LatencyTable nasbench201() {
  const std::vector<std::string> operators{"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"};
  return read_table(nasbench201_file(), plain_space("nasbench201", 6, operators), 1,
                    [&](const std::vector<std::string>& row) {
                      Architecture x(6);
                      std::size_t begin = 0;
                      for (std::size_t edge = 0; edge < 6; ++edge) {
                        const std::size_t end = row[0].find('~', begin);
                        begin = row[0].find_last_of('|', end) + 1;
                        const std::string name = row[0].substr(begin, end - begin);
                        const auto found = std::find(operators.begin(), operators.end(), name);
                        if (found == operators.end()) throw std::invalid_argument("unknown operator " + name);
                        x[edge] = static_cast<std::uint8_t>(found - operators.begin());
                        begin = end + 1;
                      }
                      return x;
                    });
}

/// 5,000 architectures x 15 devices: 22 blocks of nine operators.
inline LatencyTable fbnet() {
  const std::vector<std::string> operators{"k3_e1",    "k3_e1_g2", "k3_e3", "k3_e6", "k5_e1",
                                           "k5_e1_g2", "k5_e3",    "k5_e6", "skip"};
  return read_table(fbnet_file(), plain_space("fbnet", 22, operators), 22, [](const std::vector<std::string>& row) {
    Architecture x(22);
    for (std::size_t block = 0; block < 22; ++block) x[block] = static_cast<std::uint8_t>(std::stoi(row[block]));
    return x;
  });
}

}  // namespace oneproxy::published
