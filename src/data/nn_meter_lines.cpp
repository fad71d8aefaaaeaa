#include "oneproxy/data/nn_meter_lines.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {

LatencyMatrix read_nn_meter_lines(const std::filesystem::path& file, std::optional<double> missing) {
  const std::string content = read_file(file);
  LatencyMatrix table;
  std::set<std::string> ids;
  std::map<std::string, std::vector<std::pair<std::size_t, double>>> columns;
  std::size_t line_number = 0;
  for (std::string_view rest = content; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    ++line_number;
    if (line.find_first_not_of(" \r\t") == std::string_view::npos) continue;
    const std::string where = file.string() + ", line " + std::to_string(line_number);
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) throw InputError(where, "expected a JSON object");
    const auto id = json.find("id");
    if (id == json.end() || !(id->is_string() || id->is_number_integer())) throw InputError(where, "lacks an id");
    const std::string name = id->is_string() ? id->get<std::string>() : id->dump();
    if (!ids.insert(name).second) throw InputError(where, "the network stands twice");
    for (const auto& [key, value] : json.items()) {
      if (key == "id" || !value.is_number()) continue;
      const double latency = value.get<double>();
      if (missing && latency == *missing) continue;
      if (!(latency > 0)) {
        throw InputError(where + ", field " + key.substr(0, 100), "'" + value.dump() + "' is no latency in ms (> 0)");
      }
      columns[key].emplace_back(table.networks.size(), latency);
    }
    table.networks.push_back(name);
  }
  if (columns.empty()) throw InputError(file.string(), "holds no latencies; expected JSON objects with numbers");
  table.latency_ms.setConstant(static_cast<Eigen::Index>(table.networks.size()),
                               static_cast<Eigen::Index>(columns.size()), std::numeric_limits<double>::quiet_NaN());
  for (const auto& [device, values] : columns) {
    for (const auto& [network, latency] : values) {
      table.latency_ms(static_cast<Eigen::Index>(network), static_cast<Eigen::Index>(table.devices.size())) = latency;
    }
    table.devices.push_back(device);
  }
  return table;
}

void write_latency_matrix(const std::filesystem::path& file, const LatencyMatrix& table) {
  const auto quoted = [](const std::string& name) {
    std::string text = "\"";
    for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c == '\n' ? ' ' : c);
    return text + "\"";
  };
  std::string text = "network";
  for (const auto& device : table.devices) text += "," + quoted(device);
  text += "\n";
  for (std::size_t n = 0; n < table.networks.size(); ++n) {
    text += quoted(table.networks[n]);
    for (const double value : table.latency_ms.row(static_cast<Eigen::Index>(n))) {
      text += ",";
      if (std::isnan(value)) continue;
      char number[32];
      text.append(number, std::to_chars(std::begin(number), std::end(number), value).ptr);
    }
    text += "\n";
  }
  write_file(file, text);
}

}  // namespace oneproxy
