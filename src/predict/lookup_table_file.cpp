#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/lookup_table.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;

constexpr const char* format_name = "oneproxy-lookup-table";
constexpr int format_version = 1;
constexpr const char* format_page = ", as docs/formats/lookup_table.md says";

json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

/// One file being read; every complaint names the file and the field.
struct Reader {
  std::string file;

  [[noreturn]] void fail(const std::string& field, const std::string& what) const {
    throw InputError(file + ", field " + field, what);
  }
  std::string text(const json& object, const std::string& field) const {
    const auto found = object.find(field);
    if (found == object.end()) fail(field, "is missing");
    if (!found->is_string()) fail(field, "expected a text");
    return found->get<std::string>();
  }
  OperatorLatency entry(const json& value, const std::string& field) const {
    if (!value.is_object()) fail(field, "expected an object with key and latency_ms");
    const auto number = [&](const char* name) {
      const auto found = value.find(name);
      const bool known = found != value.end() && found->is_number();
      return known ? found->get<double>() : std::numeric_limits<double>::quiet_NaN();
    };
    const auto key = value.find("key");
    if (key == value.end() || !key->is_string()) fail(field + ".key", "expected a text");
    const OperatorLatency result{key->get<std::string>(), number("latency_ms"), number("deviation_ms"),
                                 number("count")};
    if (!std::isfinite(result.latency_ms)) fail(field + ".latency_ms", "expected a finite number");
    return result;
  }
};

/// Of a table that does not say it: operator_key()s of single layers have one slash each.
OperatorGrain grain_of(const std::vector<OperatorLatency>& entries) {
  const bool layers =
      std::ranges::all_of(entries, [](const auto& entry) { return std::ranges::count(entry.key, '/') == 1; });
  return layers ? OperatorGrain::layer : OperatorGrain::block;
}

/// What goes wrong within the table's own checks is told with the file's name.
std::unique_ptr<LookupTablePredictor> made(const std::string& file, SpacePtr space,
                                           std::vector<OperatorLatency> entries, OperatorGrain grain,
                                           LookupOrigin origin) {
  try {
    return std::make_unique<LookupTablePredictor>(std::move(space), std::move(entries), grain, std::move(origin));
  } catch (const InputError& error) {
    throw InputError(file, error.what());
  }
}

/// YAML or CSV, which say nothing of their space.
bool is_plain(const std::filesystem::path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml" || file.extension() == ".csv";
}

}  // namespace

void save_lookup_table(const std::filesystem::path& file, const LookupTablePredictor& table) {
  nlohmann::ordered_json object;
  object["format"] = format_name;
  object["version"] = format_version;
  object["space"] = table.space()->description();
  object["device"] = table.origin().device;
  object["method"] = table.origin().method;
  object["grain"] = to_string(table.grain());
  object["operators"] = json::array();
  for (const auto& [key, latency_ms, deviation_ms, count] : table.entries()) {
    nlohmann::ordered_json entry;
    entry["key"] = key;
    entry["latency_ms"] = latency_ms;
    entry["deviation_ms"] = number_or_null(deviation_ms);
    entry["count"] = number_or_null(count);
    object["operators"].push_back(std::move(entry));
  }
  write_file(file, object.dump(1) + "\n");
}

bool is_lookup_table(const std::filesystem::path& file) {
  if (is_plain(file)) return true;
  if (file.extension() != ".json") return false;
  const json object = json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return false;
  const auto format = object.find("format");
  return format != object.end() && *format == format_name;
}

std::unique_ptr<LookupTablePredictor> load_lookup_table(const std::filesystem::path& file, SpacePtr expected) {
  const std::string name = file.string();
  const json object = is_plain(file) ? json() : json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (is_plain(file) || (object.is_object() && !object.contains("format"))) {
    if (!expected) throw InputError(name, "does not say of which space it is; expected the space to be given");
    auto entries = read_operator_table(file);
    const OperatorGrain grain = grain_of(entries);
    return made(name, std::move(expected), std::move(entries), grain, {.method = "read"});
  }
  if (!object.is_object()) throw InputError(name, std::string("expected a JSON object") + format_page);
  const Reader reader{name};
  if (const std::string format = reader.text(object, "format"); format != format_name) {
    reader.fail("format", std::string("expected '") + format_name + "', not '" + format + "'");
  }
  if (object.value("version", json()) != format_version) {
    reader.fail("version",
                "expected " + std::to_string(format_version) + ", not " + object.value("version", json()).dump());
  }
  const std::string description = reader.text(object, "space");
  if (!expected) {
    expected = make_space(description);
  } else if (description != expected->description()) {
    reader.fail("space", "made for '" + description + "', expected '" + expected->description() + "'");
  }
  const std::string grain = reader.text(object, "grain");
  if (grain != "block" && grain != "layer") reader.fail("grain", "expected block or layer, not '" + grain + "'");
  const auto operators = object.find("operators");
  if (operators == object.end() || !operators->is_array()) reader.fail("operators", "expected a list");
  std::vector<OperatorLatency> entries;
  for (std::size_t i = 0; i < operators->size(); ++i) {
    entries.push_back(reader.entry((*operators)[i], "operators[" + std::to_string(i) + "]"));
  }
  return made(name, std::move(expected), std::move(entries),
              grain == "block" ? OperatorGrain::block : OperatorGrain::layer,
              {.device = reader.text(object, "device"), .method = reader.text(object, "method")});
}

}  // namespace oneproxy
