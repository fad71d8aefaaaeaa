#include "oneproxy/data/latency_matrix.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "csv.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;
constexpr double missing_value = std::numeric_limits<double>::quiet_NaN();

/// Numbers names in the order in which they appear.
class Names {
 public:
  /// The number of `name`, which gets one if it has none; .second: it is new.
  std::pair<std::size_t, bool> number(const std::string& name) {
    const auto [entry, added] = index_.try_emplace(name, names_.size());
    if (added) names_.push_back(name);
    return {entry->second, added};
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<std::string> names_;
};

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

double parse_value(const std::string& field, const CsvReader& csv, const std::string& column,
                   const LatencyMatrixOptions& options) {
  if (field.empty() || field == "nan" || field == "NaN") return missing_value;
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size() || !std::isfinite(value)) {
    throw InputError(csv.where(column), "'" + field + "' is not a finite number (an empty field is a missing value)");
  }
  if (options.missing && value == *options.missing) return missing_value;
  if (value <= 0 && !options.any_value) {
    throw InputError(csv.where(column), "'" + field +
                                            "' is no latency in ms (> 0); say which number is a missing "
                                            "value, or that all numbers count");
  }
  return value;
}

/// Index of a column in the header.
std::size_t find_column(const std::vector<std::string>& header, const std::string& name, const CsvReader& csv) {
  const auto found = std::ranges::find(header, name);
  if (found == header.end())
    throw InputError(csv.where(), "lacks the column '" + name + "'; there are " + listed(header));
  return static_cast<std::size_t>(found - header.begin());
}

void expect_fields(const std::vector<std::string>& fields, const std::vector<std::string>& header,
                   const CsvReader& csv) {
  if (fields.size() == header.size()) return;
  throw InputError(csv.where(),
                   "has " + std::to_string(fields.size()) + " fields; expected " + std::to_string(header.size()));
}

LatencyMatrix read_wide(CsvReader& csv, const std::vector<std::string>& header, const LatencyMatrixOptions& options) {
  if (header.size() <= options.key_columns) {
    throw InputError(csv.where(), "has " + std::to_string(header.size()) + " columns; expected more than the " +
                                      std::to_string(options.key_columns) + " that name the network");
  }
  LatencyMatrix table;
  const auto keys = static_cast<std::ptrdiff_t>(options.key_columns);
  table.devices.assign(header.begin() + keys, header.end());
  Names networks;
  std::vector<double> values;
  std::vector<std::string> fields;
  std::string key;
  while (csv.next(fields)) {
    expect_fields(fields, header, csv);
    key.clear();
    for (std::size_t i = 0; i < options.key_columns; ++i) (key += i > 0 ? "." : "") += fields[i];
    if (!networks.number(key).second) throw InputError(csv.where(), "the network '" + key + "' stands twice");
    for (std::size_t c = options.key_columns; c < fields.size(); ++c) {
      values.push_back(parse_value(fields[c], csv, header[c], options));
    }
  }
  table.networks = networks.names();
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  table.latency_ms = Eigen::Map<const RowMajor>(values.data(), static_cast<Index>(table.networks.size()),
                                                static_cast<Index>(table.devices.size()));
  return table;
}

double median(std::vector<double>& values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

LatencyMatrix read_long(CsvReader& csv, const std::vector<std::string>& header, const LatencyMatrixOptions& options) {
  std::vector<std::size_t> device_columns;
  for (const auto& name : options.device_columns) device_columns.push_back(find_column(header, name, csv));
  std::vector<std::pair<std::size_t, std::string>> where;
  for (const auto& [name, value] : options.where) where.emplace_back(find_column(header, name, csv), value);
  const std::size_t network_column = find_column(header, options.network_column, csv);
  const std::size_t value_column = find_column(header, options.value_column, csv);

  Names networks;
  Names devices;
  std::vector<std::vector<std::vector<double>>> found;  // of each device and network
  std::vector<std::string> fields;
  while (csv.next(fields)) {
    expect_fields(fields, header, csv);
    const auto differs = [&](const auto& condition) { return fields[condition.first] != condition.second; };
    if (std::ranges::any_of(where, differs)) continue;
    const double value = parse_value(fields[value_column], csv, options.value_column, options);
    if (std::isnan(value)) continue;
    std::string name;
    for (const std::size_t column : device_columns) name += (name.empty() ? "" : " ") + fields[column];
    const std::size_t device = devices.number(name).first;
    const std::size_t network = networks.number(fields[network_column]).first;
    if (device == found.size()) found.emplace_back();
    if (network >= found[device].size()) found[device].resize(network + 1);
    found[device][network].push_back(value);
  }
  LatencyMatrix table;
  table.networks = networks.names();
  table.devices = devices.names();
  table.latency_ms.setConstant(static_cast<Index>(table.networks.size()), static_cast<Index>(table.devices.size()),
                               missing_value);
  for (std::size_t d = 0; d < found.size(); ++d) {
    for (std::size_t n = 0; n < found[d].size(); ++n) {
      if (!found[d][n].empty()) table.latency_ms(static_cast<Index>(n), static_cast<Index>(d)) = median(found[d][n]);
    }
  }
  return table;
}

}  // namespace

LatencyMatrix LatencyMatrix::select(std::span<const std::string> names) const {
  LatencyMatrix result{.networks = networks, .devices = {names.begin(), names.end()}, .latency_ms = {}};
  result.latency_ms.resize(latency_ms.rows(), static_cast<Index>(names.size()));
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto found = std::ranges::find(devices, names[i]);
    if (found == devices.end())
      throw InputError("device '" + names[i] + "'", "there is none; there are " + listed(devices));
    result.latency_ms.col(static_cast<Index>(i)) = latency_ms.col(found - devices.begin());
  }
  return result;
}

LatencyMatrix LatencyMatrix::with_values(std::size_t count) const {
  const auto present = [](const auto& values) { return (values.array() == values.array()).count(); };
  std::vector<Index> columns;
  for (Index d = 0; d < latency_ms.cols(); ++d) {
    if (present(latency_ms.col(d)) >= static_cast<Index>(count)) columns.push_back(d);
  }
  std::vector<Index> rows;
  const Eigen::MatrixXd kept = latency_ms(Eigen::all, columns);
  for (Index n = 0; n < kept.rows(); ++n) {
    if (present(kept.row(n)) > 0) rows.push_back(n);
  }
  LatencyMatrix result{.networks = {}, .devices = {}, .latency_ms = kept(rows, Eigen::all)};
  for (const Index n : rows) result.networks.push_back(networks[static_cast<std::size_t>(n)]);
  for (const Index d : columns) result.devices.push_back(devices[static_cast<std::size_t>(d)]);
  return result;
}

LatencyMatrix read_latency_matrix(const std::filesystem::path& file, const LatencyMatrixOptions& options) {
  const std::string content = read_file(file);
  CsvReader csv(content, file.string());
  std::vector<std::string> header;
  if (!csv.next(header)) throw InputError(file.string(), "is empty; expected a header and one network a line");
  auto sorted = header;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
    throw InputError(csv.where(), "the column '" + *twice + "' stands twice");
  }
  LatencyMatrix table =
      options.device_columns.empty() ? read_wide(csv, header, options) : read_long(csv, header, options);
  if (table.networks.empty()) throw InputError(file.string(), "has no rows that count");
  return table;
}

LatencyMatrix join_latencies(std::span<const LatencyMatrix> tables) {
  Names networks;
  Names devices;
  for (const auto& table : tables) {
    for (const auto& network : table.networks) networks.number(network);
    for (const auto& device : table.devices) {
      if (!devices.number(device).second) throw InputError("device '" + device + "'", "stands in two tables");
    }
  }
  LatencyMatrix result{.networks = networks.names(), .devices = devices.names(), .latency_ms = {}};
  result.latency_ms.setConstant(static_cast<Index>(result.networks.size()), static_cast<Index>(result.devices.size()),
                                missing_value);
  Index column = 0;
  for (const auto& table : tables) {
    for (std::size_t n = 0; n < table.networks.size(); ++n) {
      result.latency_ms.row(static_cast<Index>(networks.number(table.networks[n]).first))
          .segment(column, table.latency_ms.cols()) = table.latency_ms.row(static_cast<Index>(n));
    }
    column += table.latency_ms.cols();
  }
  return result;
}

}  // namespace oneproxy
