#include "oneproxy/measure/device.hpp"

#include <algorithm>

#include "engines.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

struct EngineEntry {
  std::string name;
  std::unique_ptr<Engine> (*make)(Description);
  DeviceKind (*kind)();
};

// In the order in which a default is looked for.
const EngineEntry engines[] = {
    {"onnxruntime", make_onnxruntime, onnxruntime_kind},
    {"onednn", make_onednn, onednn_kind},
    {"xnnpack", make_xnnpack, xnnpack_kind},
    {"opencv", make_opencv, opencv_kind},
    {"onnxruntime_web", make_onnxruntime_web, onnxruntime_web_kind},
};

struct OtherEntry {
  std::string name;
  std::unique_ptr<Device> (*make)(Description, const ProgressCallback&);
  DeviceKind (*kind)();
};

const OtherEntry others[] = {
    {"command",
     [](Description description, const ProgressCallback&) { return make_command_device(std::move(description)); },
     command_kind},
    {"agent", make_agent_device, agent_kind},
};

struct ModelEntry {
  std::string name;
  std::unique_ptr<LatencyModel> (*make)(Description);
  DeviceKind (*kind)();
};

const ModelEntry models[] = {
    {"fpga", make_fpga, fpga_kind},
    {"roofline", make_roofline, roofline_kind},
    {"gables", make_gables, gables_kind},
};

const EngineEntry* find_engine(const std::string& name) {
  const auto* const found = std::ranges::find(engines, name, &EngineEntry::name);
  return found == std::end(engines) ? nullptr : found;
}

[[noreturn]] void refuse(const std::string& name, bool engines_only) {
  std::vector<std::string> names;
  for (const auto& engine : engines) names.push_back(engine.name);
  if (!engines_only) {
    names.emplace_back("table");
    for (const auto& other : others) names.push_back(other.name);
    for (const auto& model : models) names.push_back(model.name);
  }
  std::string expected;
  for (const auto& known : names) expected += (expected.empty() ? "" : ", ") + known;
  throw InputError("device '" + name + "'", "is unknown; expected one of " + expected + suggestion(name, names));
}

/// The name alone, as Description reads it.
bool is_table(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  const auto last = text.find_last_not_of(" \t\n", text.find('(') - 1);
  return first != std::string_view::npos && text.find('(') != std::string_view::npos &&
         text.substr(first, last - first + 1) == "table";
}

void refuse_comma_in_file(std::string_view text) {
  std::size_t bare_count = 0;
  std::string_view rest = text.substr(text.find('(') + 1);
  for (;;) {
    const auto comma = rest.find(',');
    if (rest.substr(0, comma).find('=') == std::string_view::npos) ++bare_count;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (bare_count > 1) {
    throw InputError("'" + std::string(text) + "'",
                     "the name of a table's file cannot have a comma; give it another name");
  }
}

}  // namespace

std::unique_ptr<Device> make_device(std::string_view description, const ProgressCallback& progress) {
  if (is_table(description)) {
    refuse_comma_in_file(description);
    return make_table_device(Description::parse(description));
  }
  Description parsed = Description::parse(description);
  if (parsed.name() == "table") return make_table_device(std::move(parsed));
  const auto* const other = std::ranges::find(others, parsed.name(), &OtherEntry::name);
  if (other != std::end(others)) return other->make(std::move(parsed), progress);
  const auto* const model = std::ranges::find(models, parsed.name(), &ModelEntry::name);
  if (model != std::end(models)) return make_model_device(model->make(std::move(parsed)));
  const EngineEntry* engine = find_engine(parsed.name());
  if (engine == nullptr) refuse(parsed.name(), false);
  return make_engine_device(engine->make(std::move(parsed)));
}

std::unique_ptr<Engine> make_engine(std::string_view description) {
  Description parsed = Description::parse(description);
  const EngineEntry* engine = find_engine(parsed.name());
  if (engine == nullptr) refuse(parsed.name(), true);
  return engine->make(std::move(parsed));
}

std::vector<DeviceKind> device_kinds() {
  std::vector<DeviceKind> kinds;
  for (const auto& engine : engines) kinds.push_back(engine.kind());
  kinds.push_back({"table", "FILE, column=NAME", true, "replays recorded latencies"});
  for (const auto& other : others) kinds.push_back(other.kind());
  for (const auto& model : models) kinds.push_back(model.kind());
  return kinds;
}

std::string default_engine() {
  for (const auto& engine : engines) {
    if (engine.kind().available) return engine.name;
  }
  return "";
}

}  // namespace oneproxy
