#include "oneproxy/pipeline/fleet_file.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// One object of the file, its fields taken one by one; finish() refuses what nobody took.
class Fields {
 public:
  Fields(const fs::path& file, std::string where, const json& object)
      : file_(file), where_(std::move(where)), object_(object) {
    if (!object.is_object())
      throw InputError(file.string() + (where_.empty() ? "" : ", " + where_), "expected an object {...}");
  }

  const json* find(const std::string& name) {
    known_.push_back(name);
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  bool has(const std::string& name) const { return object_.contains(name); }

  std::string text(const std::string& name, std::string fallback = {}) {
    const json* value = find(name);
    if (value == nullptr) return fallback;
    if (!value->is_string()) fail(name, "expected a text");
    return value->get<std::string>();
  }
  double number(const std::string& name, double fallback, double lowest, double highest) {
    const json* value = find(name);
    if (value == nullptr) return fallback;
    if (!value->is_number() || !(value->get<double>() >= lowest && value->get<double>() <= highest)) {
      fail(name,
           "expected a number from " + json(lowest).dump() + " to " + json(highest).dump() + ", not " + value->dump());
    }
    return value->get<double>();
  }
  std::size_t count(const std::string& name, std::size_t fallback, std::size_t lowest, std::size_t highest) {
    const json* value = find(name);
    if (value == nullptr) return fallback;
    if (!value->is_number_unsigned() || value->get<std::size_t>() < lowest || value->get<std::size_t>() > highest) {
      fail(name, "expected a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest) +
                     ", not " + value->dump());
    }
    return value->get<std::size_t>();
  }
  /// A path, relative ones to the file's folder; "" where absent.
  fs::path path(const std::string& name) {
    const std::string value = text(name);
    return value.empty() ? fs::path() : file_.parent_path() / value;
  }
  const json& list(const std::string& name) {
    static const json none = json::array();
    const json* value = find(name);
    if (value == nullptr) return none;
    if (!value->is_array()) fail(name, "expected a list [...]");
    return *value;
  }
  std::vector<std::string> texts(const std::string& name) {
    std::vector<std::string> result;
    for (const auto& value : list(name)) {
      if (!value.is_string()) fail(name, "expected a list of texts");
      result.push_back(value.get<std::string>());
    }
    return result;
  }
  std::vector<double> positive_numbers(const std::string& name) {
    std::vector<double> result;
    for (const auto& value : list(name)) {
      if (!value.is_number() || !(value.get<double>() > 0) || !std::isfinite(value.get<double>())) {
        fail(name, "expected a list of numbers above 0");
      }
      result.push_back(value.get<double>());
    }
    return result;
  }

  std::string place(const std::string& name) const { return where_.empty() ? name : where_ + "." + name; }
  const fs::path& file() const { return file_; }
  [[noreturn]] void fail(const std::string& name, const std::string& what) const {
    throw InputError(file_.string() + ", " + place(name), what);
  }
  void finish() const {
    for (const auto& [name, value] : object_.items()) {
      if (std::ranges::find(known_, name) == known_.end()) {
        fail(name, "is no field of the format" + suggestion(name, known_));
      }
    }
  }

 private:
  const fs::path& file_;
  std::string where_;
  const json& object_;
  std::vector<std::string> known_;
};

TableColumns read_table(Fields& fields) {
  TableColumns table{.file = fields.path("table"), .columns = fields.texts("columns")};
  if (table.file.empty()) fields.fail("table", "expected the path of a table");
  return table;
}

std::vector<KnownDevices> read_known(Fields& parent, const std::string& name) {
  std::vector<KnownDevices> result;
  std::size_t index = 0;
  for (const auto& value : parent.list(name)) {
    const std::string where = parent.place(name) + "[" + std::to_string(index++) + "]";
    if (value.is_string()) {
      // A shipped proxy has a plain name; everything else is a file.
      const auto text = value.get<std::string>();
      const bool is_file = text.find('/') != std::string::npos || text.ends_with(".json");
      result.emplace_back(is_file ? (parent.file().parent_path() / text).string() : text);
      continue;
    }
    Fields fields(parent.file(), where, value);
    result.emplace_back(read_table(fields));
    fields.finish();
  }
  return result;
}

Simulation read_simulation(Fields& fields, std::uint64_t seed) {
  const Simulation defaults;
  return {.count = fields.count("simulate", 0, 1, 10'000'000),
          .name = fields.text("name", defaults.name),
          .base = read_known(fields, "base"),
          .median_srcc = fields.number("median_srcc", defaults.median_srcc, 0, 1),
          .deviation = fields.number("deviation", defaults.deviation, 0, 5),
          .resampled = fields.number("resampled", defaults.resampled, 0, 1),
          .noise = fields.number("noise", defaults.noise, 0, 1),
          .seed = fields.count("seed", seed, 0, std::numeric_limits<std::size_t>::max())};
}

}  // namespace

FleetFile read_fleet_file(const fs::path& file) {
  const std::string text = read_file(file);
  json object;
  try {
    object = json::parse(text);
  } catch (const json::parse_error& error) {
    const auto end = text.begin() + std::min<std::ptrdiff_t>(std::ssize(text), static_cast<std::ptrdiff_t>(error.byte));
    throw InputError(file.string() + ", line " + std::to_string(1 + std::count(text.begin(), end, '\n')),
                     "is not JSON; expected a fleet as docs/formats/fleet.md says");
  } catch (const json::exception&) {
    throw InputError(file.string(),
                     "holds a number that is out of range; expected a fleet as docs/formats/fleet.md says");
  }
  Fields fields(file, "", object);
  FleetFile fleet;
  fleet.file = file;
  fleet.seed = fields.count("seed", fleet.seed, 0, std::numeric_limits<std::size_t>::max());
  fleet.space = fields.text("space");
  fleet.accuracy = fields.path("accuracy");
  fleet.accuracy_column = fields.text("accuracy_column");
  fleet.proxies = read_known(fields, "proxies");
  const std::string method = fields.text("method", "posterior");
  if (method != "posterior" && method != "eqn3") fields.fail("method", "expected posterior or eqn3, not " + method);
  fleet.posterior = method == "posterior";
  fleet.sample_count = fields.count("samples", fleet.sample_count, 6, 100'000);
  fleet.limit_count = fields.count("limits", fleet.limit_count, 1, 10'000);
  fleet.limits_ms = fields.positive_numbers("limits_ms");
  fleet.front_count = fields.count("front", fleet.front_count, 2, 10'000);
  fleet.search_count = fields.count("searches", fleet.search_count, 1, 10'000);
  fleet.threshold = fields.number("threshold", fleet.threshold, 0, 1);
  if (const json* cost = fields.find("cost")) {
    Fields of_cost(file, "cost", *cost);
    constexpr double most = 1e9;
    CostAssumptions& c = fleet.cost;
    c.seconds_per_measurement = of_cost.number("seconds_per_measurement", c.seconds_per_measurement, 0, most);
    c.predictor_measurements = of_cost.number("predictor_measurements", c.predictor_measurements, 0, most);
    c.training_hours = of_cost.number("training_hours", c.training_hours, 0, most);
    c.accuracy_hours = of_cost.number("accuracy_hours", c.accuracy_hours, 0, most);
    of_cost.finish();
  }
  std::size_t index = 0;
  for (const auto& value : fields.list("devices")) {
    Fields device(file, "devices[" + std::to_string(index++) + "]", value);
    if (device.has("table")) {
      fleet.devices.emplace_back(read_table(device));
    } else if (device.has("live")) {
      const std::string description = device.text("live");
      fleet.devices.emplace_back(LiveDevice{.name = device.text("name", description), .description = description});
    } else if (device.has("simulate")) {
      fleet.devices.emplace_back(read_simulation(device, fleet.seed));
    } else {
      device.fail("table", "is missing; expected one of table, live, simulate");
    }
    device.finish();
  }
  fields.finish();
  if (fleet.devices.empty()) throw InputError(file.string() + ", devices", "expected a list of at least one device");
  return fleet;
}

}  // namespace oneproxy
