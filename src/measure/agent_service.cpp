#include "oneproxy/measure/agent_service.hpp"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "child_process.hpp"
#include "engines.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/measure/json.hpp"
#include "oneproxy/space/onnx_layers.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t most_networks = 200;  // options of the one decision below

/// The networks of one request: architecture {i} is the i-th.
class UploadedSpace final : public SearchSpace {
 public:
  explicit UploadedSpace(std::vector<Network> networks) : networks_(std::move(networks)), decisions_(1) {
    decisions_[0] = {"network", std::vector<std::string>(networks_.size(), "uploaded")};
  }
  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override { return decisions_; }
  Network network(const Architecture& x) const override { return networks_[x[0]]; }
  std::string text(const Architecture& x) const override { return "number " + std::to_string(x[0]); }

 private:
  std::string description_ = "uploaded";
  std::vector<Network> networks_;
  std::vector<Decision> decisions_;
};

class Answer {
 public:
  Answer(const nlohmann::json& request, const std::vector<std::string>& devices,
         const std::function<bool(const std::string&)>& line)
      : request_(request), devices_(devices), line_(line) {}

  void run() {
    const auto device = make_device(wanted());
    nlohmann::json kinds = nlohmann::json::array();
    for (const auto& kind : device_kinds()) {
      if (devices_.empty() && kind.available && !forbidden(kind.name)) {
        kinds.push_back({{"name", kind.name}, {"settings", kind.settings}, {"detail", kind.detail}});
      }
    }
    for (const auto& name : devices_) kinds.push_back({{"name", name}});
    tell({{"device", device->description()}, {"facts", device->facts()}, {"kinds", kinds}});
    if (request_.contains("networks")) measure(*device);
    tell({{"done", true}});
  }

  static bool forbidden(const std::string& kind) { return kind == "command" || kind == "table" || kind == "agent"; }

  /// The device asked for, where a client may have it.
  std::string wanted() const {
    const std::string asked = request_.value("device", "");
    if (!devices_.empty()) {
      if (asked.empty()) return devices_.front();
      if (std::ranges::find(devices_, asked) != devices_.end()) return asked;
      std::string expected;
      for (const auto& device : devices_) expected += (expected.empty() ? "" : " or ") + device;
      throw InputError("device '" + asked + "'", "is not offered here; expected " + expected);
    }
    if (asked.empty() && default_engine().empty()) throw InputError("agent", "has no engine; name a device");
    const std::string device = asked.empty() ? default_engine() : asked;
    if (forbidden(Description::parse(device).name())) {
      throw InputError("device '" + device + "'", "is not offered here; its owner may offer it with --device");
    }
    return device;
  }

  void tell(const nlohmann::json& json) const {
    if (!line_(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))) throw Stopped("nobody listens");
  }

 private:
  void measure(Device& device) {
    const auto& entries = request_.at("networks");
    if (!entries.is_array() || entries.empty() || entries.size() > most_networks) {
      throw InputError("networks", "expected a list of 1 to " + std::to_string(most_networks));
    }
    const auto protocol = request_.value("protocol", nlohmann::json::object()).get<Protocol>();
    if (device.description().starts_with("table(")) return replay(device, protocol, entries);
    std::vector<Network> networks;
    std::vector<Architecture> xs;
    for (const auto& entry : entries) {
      const std::string name = "network " + std::to_string(networks.size());
      xs.push_back({static_cast<std::uint8_t>(networks.size())});
      networks.push_back(read_onnx_layers(from_base64(entry.at("onnx").get_ref<const std::string&>()), name));
    }
    measure(device, UploadedSpace(std::move(networks)), xs, protocol);
  }

  /// A recorded table knows architectures by their text alone.
  void replay(Device& device, const Protocol& protocol, const nlohmann::json& entries) {
    const SpacePtr space = make_space(request_.at("space").get_ref<const std::string&>());
    std::vector<Architecture> xs;
    for (const auto& entry : entries)
      xs.push_back(space->parse(entry.at("architecture").get_ref<const std::string&>()));
    measure(device, *space, xs, protocol);
  }

  void measure(Device& device, const SearchSpace& space, const std::vector<Architecture>& xs,
               const Protocol& protocol) {
    device.measure(space, xs, protocol,
                   [&](const Measurement& m) {
                     const auto place = std::ranges::find(xs, m.architecture) - xs.begin();
                     tell({{"network", place}, {"measurement", m}});
                   },
                   {});
  }

  const nlohmann::json& request_;
  const std::vector<std::string>& devices_;
  const std::function<bool(const std::string&)>& line_;
};

}  // namespace

void answer_agent_request(std::string_view request, const std::vector<std::string>& devices,
                          const std::function<bool(const std::string&)>& line) {
  std::string error;
  try {
    const auto json = nlohmann::json::parse(request);
    if (!json.is_object()) throw InputError("request", "expected a JSON object");
    Answer(json, devices, line).run();
    return;
  } catch (const Stopped&) {
    return;
  } catch (const InputError& what) {
    error = what.what();
  } catch (const nlohmann::json::exception& what) {
    error = std::string("request: not the JSON expected: ") + what.what();
  } catch (const std::bad_alloc&) {
    error = "out of memory";
  }
  line(nlohmann::json{{"error", error}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

struct AgentWorker::State {
  std::unique_ptr<ChildProcess> process;
  bool ended = false;
};

AgentWorker::AgentWorker(const std::string& request, const std::vector<std::string>& devices)
    : state_(std::make_unique<State>()) {
  state_->process = std::make_unique<ChildProcess>([&](MessagePipe& pipe) {
    // Connections of other clients would otherwise stay open as long as this process.
    for (int descriptor = STDERR_FILENO + 1; descriptor < 4096; ++descriptor) {
      if (descriptor != pipe.descriptor()) close(descriptor);
    }
    answer_agent_request(request, devices, [&](const std::string& line) { return pipe.send(line); });
  });
}

AgentWorker::~AgentWorker() = default;

AgentWorker::Next AgentWorker::next(std::string& line, double timeout_s) {
  if (state_->ended) return Next::ended;
  const auto outcome = state_->process->pipe().receive(line, timeout_s);
  if (outcome == MessagePipe::Outcome::timeout) return Next::silence;
  if (outcome == MessagePipe::Outcome::closed) {
    line = nlohmann::json{{"error", "the measuring process " + state_->process->end()}}.dump();
  }
  state_->ended =
      outcome == MessagePipe::Outcome::closed || line == R"({"done":true})" || line.starts_with(R"({"error":)");
  return Next::line;
}

}  // namespace oneproxy
