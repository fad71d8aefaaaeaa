#include <cmath>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/kernel_model.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;

constexpr const char* format_name = "oneproxy-kernel-predictor";
constexpr int format_version = 1;

const json& field(const json& object, const std::string& name) {
  const auto found = object.find(name);
  if (found == object.end()) throw InputError("field " + name, "is missing");
  return *found;
}

double finite(const json& value, const std::string& name) {
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    throw InputError("field " + name, "expected a finite number, not " + value.dump());
  }
  return value.get<double>();
}

std::string text(const json& object, const std::string& name) {
  const json& value = field(object, name);
  if (!value.is_string()) throw InputError("field " + name, "expected a text");
  return value.get<std::string>();
}

std::set<std::pair<std::string, std::string>> pairs(const json& object, const std::string& name) {
  std::set<std::pair<std::string, std::string>> result;
  for (const json& pair : field(object, name)) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
      throw InputError("field " + name, "expected lists of two operators");
    }
    result.emplace(pair[0].get<std::string>(), pair[1].get<std::string>());
  }
  return result;
}

KernelModel read(const json& object) {
  if (!object.is_object()) throw InputError("expected a JSON object, as docs/formats/predictor.md says");
  if (const std::string format = text(object, "format"); format != format_name) {
    throw InputError("field format", std::string("expected '") + format_name + "', not '" + format + "'");
  }
  if (field(object, "version") != format_version) {
    throw InputError("field version", "expected 1, not " + field(object, "version").dump());
  }
  json names = json::array();
  for (const char* name : KernelConfig::feature_names()) names.push_back(name);
  if (field(object, "features") != names) throw InputError("field features", "expected " + names.dump());
  KernelModel::Parts parts;
  parts.device = text(object, "device");
  parts.overhead_ms = finite(field(object, "overhead_ms"), "overhead_ms");
  parts.rules = {pairs(object, "fused"), pairs(object, "not_fused")};
  if (!field(object, "measurements").is_number_unsigned()) {
    throw InputError("field measurements", "expected a whole number from 0");
  }
  parts.measurement_count = object["measurements"].get<std::size_t>();
  if (!field(object, "forests").is_object()) throw InputError("field forests", "expected an object");
  for (const auto& [kind, forest] : object["forests"].items()) {
    try {
      parts.forests.emplace(kind, forest_of_json(forest));
      if (parts.forests[kind].feature_count() != KernelConfig::feature_count) {
        throw InputError("features", "expected " + std::to_string(KernelConfig::feature_count));
      }
    } catch (const InputError& error) {
      throw InputError("field forests, " + kind, error.what());
    }
  }
  if (!field(object, "weights_ms").is_object()) throw InputError("field weights_ms", "expected an object");
  for (const auto& [kernel, weight] : object["weights_ms"].items()) {
    parts.weight_ms.emplace(kernel, finite(weight, "weights_ms, " + kernel));
  }
  return KernelModel(std::move(parts));
}

}  // namespace

void save_kernel_model(const std::filesystem::path& file, const KernelModel& model) {
  const auto& parts = model.parts();
  nlohmann::ordered_json object;
  object["format"] = format_name;
  object["version"] = format_version;
  object["device"] = parts.device;
  object["measurements"] = parts.measurement_count;
  object["overhead_ms"] = parts.overhead_ms;
  object["fused"] = parts.rules.fused;
  object["not_fused"] = parts.rules.apart;
  object["features"] = KernelConfig::feature_names();
  object["weights_ms"] = nlohmann::ordered_json::object();
  for (const auto& [kernel, weight] : parts.weight_ms) object["weights_ms"][kernel] = weight;
  object["forests"] = nlohmann::ordered_json::object();
  for (const auto& [kind, forest] : parts.forests) object["forests"][kind] = to_json(forest);
  write_file(file, object.dump() + "\n");
}

KernelModel load_kernel_model(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  try {
    return read(json::parse(content, nullptr, /*allow_exceptions=*/false));
  } catch (const InputError& error) {
    throw InputError(file.string(), error.what());
  }
}

}  // namespace oneproxy
