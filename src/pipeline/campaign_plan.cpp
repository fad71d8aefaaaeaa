#include <algorithm>
#include <nlohmann/json.hpp>

#include "oneproxy/base/description.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/measure/json.hpp"
#include "oneproxy/pipeline/device_campaign.hpp"

namespace oneproxy {
namespace {

/// What a device measures on where nobody says so.
std::string default_place(const std::string& description) {
  Description parsed = Description::parse(description);
  const std::string& kind = parsed.name();
  if (kind == "agent") return parsed.take("url", description);
  // Models and tables occupy nothing; what a command measures on is known to its author alone.
  const auto own = {"table", "fpga", "roofline", "gables", "command"};
  return std::ranges::find(own, kind) == own.end() ? "this machine" : description;
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file.string()) {
    json_ = nlohmann::json::parse(read_file(file), nullptr, false, true);
    if (!json_.is_object()) throw InputError(file_, "expected a JSON object (with // comments)");
  }

  CampaignPlan plan() {
    CampaignPlan plan;
    for (const auto& [key, value] : json_.items()) {
      static const std::vector<std::string> known{"spaces",    "devices", "samples", "repeats",
                                                  "calibrate", "seed",    "protocol"};
      if (std::ranges::find(known, key) == known.end()) fail(key, "is unknown" + suggestion(key, known));
    }
    for (const auto& space : list("spaces")) plan.spaces.push_back(text("spaces", space));
    for (const auto& device : list("devices")) plan.devices.push_back(read_device(device));
    take("samples", plan.samples);
    take("repeats", plan.repeats);
    take("calibrate", plan.calibrate);
    take("seed", plan.seed);
    check_protocol(plan.protocol);
    take("protocol", plan.protocol);
    if (plan.samples < 2) fail("samples", "expected 2 or more");
    plan.protocol.seed = plan.seed;
    for (std::size_t i = 0; i < plan.devices.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (plan.devices[i].name == plan.devices[k].name)
          fail("devices", "two are named '" + plan.devices[i].name + "'");
      }
    }
    return plan;
  }

 private:
  [[noreturn]] void fail(const std::string& field, const std::string& what) const {
    throw InputError(file_ + ", field " + field, what);
  }

  const nlohmann::json& list(const char* field) const {
    const auto found = json_.find(field);
    if (found == json_.end() || !found->is_array() || found->empty()) fail(field, "expected a list of one or more");
    return *found;
  }

  std::string text(const char* field, const nlohmann::json& value) const {
    if (!value.is_string()) fail(field, "'" + value.dump() + "' is not a text");
    return value.get<std::string>();
  }

  CampaignDevice read_device(const nlohmann::json& value) const {
    CampaignDevice device;
    if (value.is_object()) {
      const auto description = value.find("device");
      if (description == value.end()) fail("devices", "'" + value.dump() + "' has no device");
      device.description = text("devices", *description);
      if (value.contains("name")) device.name = text("devices", value["name"]);
      if (value.contains("place")) device.place = text("devices", value["place"]);
    } else {
      device.description = text("devices", value);
    }
    if (device.name.empty()) device.name = device.description;
    std::ranges::replace(device.name, ',', ';');
    if (device.place.empty()) device.place = default_place(device.description);
    return device;
  }

  /// A misspelt field would be left out without a word, and a budget below 0 would end every network at once.
  void check_protocol(const Protocol& defaults) const {
    const auto given = json_.find("protocol");
    if (given == json_.end()) return;
    if (!given->is_object()) fail("protocol", "'" + given->dump() + "' is no object");
    const nlohmann::json fields = defaults;
    std::vector<std::string> known;
    for (const auto& [key, value] : fields.items()) known.push_back(key);
    for (const auto& [key, value] : given->items()) {
      const std::string field = "protocol." + key;
      if (!fields.contains(key)) fail(field, "is unknown" + suggestion(key, known));
      const bool whole = fields[key].is_number_integer();
      if (!value.is_number() || (whole && !value.is_number_integer())) {
        fail(field, "'" + value.dump() + (whole ? "' is no whole number" : "' is no number"));
      }
      if (key == "pin_core" ? value >= -1 : whole && key != "min_runs" ? value >= 0 : value > 0) continue;
      fail(field, "'" + value.dump() + "' is too small");
    }
  }

  template <class Value>
  void take(const char* field, Value& value) const {
    const auto found = json_.find(field);
    if (found == json_.end()) return;
    try {
      if (std::is_unsigned_v<Value> && found->is_number() && !found->is_number_unsigned()) throw std::out_of_range("");
      value = found->template get<Value>();
    } catch (const std::exception&) {
      fail(field, "'" + found->dump() + "' is not as expected (docs/formats/campaign.md)");
    }
  }

  std::string file_;
  nlohmann::json json_;
};

}  // namespace

CampaignPlan read_campaign_plan(const std::filesystem::path& file) { return Reader(file).plan(); }

}  // namespace oneproxy
