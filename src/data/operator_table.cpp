#include "oneproxy/data/operator_table.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "operator_csv.hpp"

#ifdef ONEPROXY_HAS_YAML
#include <yaml-cpp/yaml.h>
#endif

namespace oneproxy {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t largest_file = 100'000'000;

void require_finite(double value, const std::string& name, const std::string& key) {
  if (!std::isfinite(value)) {
    throw InputError(name + ", operator " + key.substr(0, 200), "its latency is not a finite number");
  }
}

std::vector<OperatorLatency> read_json(const std::string& content, const std::string& name) {
  const auto json = nlohmann::json::parse(content, nullptr, false);
  if (!json.is_object()) throw InputError(name, "expected a JSON object of operators");
  std::vector<OperatorLatency> table;
  for (const auto& item : json.items()) {
    const nlohmann::json& value = item.value();  // no binding: lambdas of clang 14 capture none
    const auto number = [&](const char* field) {
      const auto found = value.is_object() ? value.find(field) : value.end();
      return found != value.end() && found->is_number() ? found->get<double>() : unknown;
    };
    OperatorLatency& entry = table.emplace_back(OperatorLatency{
        item.key(), value.is_number() ? value.get<double>() : number("mean"), number("std"), number("count")});
    if (std::isnan(entry.deviation_ms)) entry.deviation_ms = std::sqrt(number("var"));
    require_finite(entry.latency_ms, name, item.key());
  }
  return table;
}

#ifdef ONEPROXY_HAS_YAML

std::vector<OperatorLatency> read_yaml(const std::string& content, const std::string& name) {
  try {
    const YAML::Node root = YAML::Load(content);
    if (!root.IsMap()) throw InputError(name, "expected a mapping of operators");
    std::vector<OperatorLatency> table;
    for (const auto& entry : root) {
      if (!entry.first.IsScalar()) throw InputError(name, "an operator's key is not a text");
      const std::string key = entry.first.Scalar();
      const YAML::Node value = entry.second;
      const auto number = [&](const char* field) {
        const YAML::Node found = value.IsMap() ? value[field] : YAML::Node(YAML::NodeType::Undefined);
        double result = unknown;
        return found.IsDefined() && YAML::convert<double>::decode(found, result) ? result : unknown;
      };
      double mean = number("mean");
      if (value.IsScalar()) YAML::convert<double>::decode(value, mean);
      const double deviation = number("std");
      table.push_back({key, mean, std::isnan(deviation) ? std::sqrt(number("var")) : deviation, number("count")});
      require_finite(mean, name, key);
    }
    return table;
  } catch (const YAML::Exception& error) {
    throw InputError(name + ", line " + std::to_string(error.mark.line + 1), error.msg);
  }
}

#else

std::vector<OperatorLatency> read_yaml(const std::string&, const std::string& name) {
  throw InputError(name, "this build lacks yaml-cpp; install libyaml-cpp-dev, and build anew");
}

#endif

}  // namespace

bool is_operator_table(const std::filesystem::path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml" || file.extension() == ".json";
}

std::vector<OperatorLatency> read_operator_table(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  const std::string name = file.string();
  if (content.size() > largest_file) throw InputError(name, "is larger than 100 MB; expected a table of operators");
  auto table = file.extension() == ".json"  ? read_json(content, name)
               : file.extension() == ".csv" ? read_operator_csv(content, name)
                                            : read_yaml(content, name);
  if (table.empty()) throw InputError(name, "holds no operators");
  return table;
}

}  // namespace oneproxy
