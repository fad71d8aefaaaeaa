#include "engines.hpp"
#include "oneproxy/base/error.hpp"

#ifdef ONEPROXY_HAS_HTTPLIB

#include <httplib.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent_connection.hpp"
#include "models.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/measure/agent_service.hpp"
#include "oneproxy/measure/json.hpp"
#include "oneproxy/space/onnx_layers.hpp"

namespace oneproxy {
namespace {

using Clock = std::chrono::steady_clock;

// Networks in one request: they are timed in rounds together, and lost together where the agent restarts.
constexpr std::size_t largest_batch = 16;
constexpr double largest_batch_bytes = 128e6;
constexpr double first_pause_s = 0.25;
constexpr double longest_pause_s = 10;

struct AgentSettings {
  std::string url;
  std::string device;
  std::string token_file;
  std::string ca_file;
  double patience_s = 120;
};

class AgentDevice final : public Device {
 public:
  /// `progress` is called while the agent is waited for.
  AgentDevice(AgentSettings settings, const ProgressCallback& progress)
      : settings_(std::move(settings)), connection_(settings_.url, settings_.token_file, settings_.ca_file) {
    description_ = "agent(url=" + quote_setting(settings_.url);
    if (!settings_.device.empty()) description_ += ", device=" + quote_setting(settings_.device);
    if (!settings_.token_file.empty()) description_ += ", token_file=" + quote_setting(settings_.token_file);
    if (!settings_.ca_file.empty()) description_ += ", ca_file=" + quote_setting(settings_.ca_file);
    description_ += ", patience_s=" + number_text(settings_.patience_s) + ")";
    const auto tick = [&] { report(progress, {"asking the agent", 0, 1}); };
    patient(
        [&] {
          ask(
              "/v1/facts", request_for({}, {}, {}), [](const auto&) {}, tick);
        },
        tick);
  }

  const std::string& description() const override { return description_; }
  MachineFacts facts() const override { return facts_; }

  void measure(const SearchSpace& space, std::span<const Architecture> xs, const Protocol& protocol,
               const MeasurementSink& sink, const ProgressCallback& progress) override {
    std::vector<std::size_t> left(xs.size());
    for (std::size_t i = 0; i < xs.size(); ++i) left[i] = xs.size() - 1 - i;  // the next at the end
    std::size_t done_count = 0;
    const auto tick = [&] { report(progress, {"measuring", done_count, xs.size()}); };
    tick();
    while (!left.empty()) {
      std::vector<std::size_t> batch;
      double bytes = 0;
      while (!left.empty() && batch.size() < largest_batch) {
        bytes += 4 * costs(space.network(xs[left.back()])).parameters;
        if (!batch.empty() && bytes > largest_batch_bytes) break;
        batch.push_back(left.back());
        left.pop_back();
      }
      // What the agent delivered before it was lost is not asked for again.
      patient(
          [&] {
            const auto asked = batch;
            const auto take = [&](const nlohmann::json& line) {
              const auto place = line.find("network");
              if (place == line.end()) return;
              const auto number = place->is_number_unsigned() ? place->get<std::size_t>() : asked.size();
              if (number >= asked.size())
                throw InputError(description_, "answers for a network that was not asked for");
              const std::size_t index = asked[number];
              if (std::erase(batch, index) == 0) throw InputError(description_, "answers for a network twice");
              Measurement m = line.at("measurement").get<Measurement>();
              check(m);
              m.architecture = xs[index];
              if (sink) sink(m);
              ++done_count;
              progressed_ = Clock::now();
            };
            ask("/v1/measure", request_for(space, asked, xs, protocol), take, tick);
            if (!batch.empty()) throw ConnectionLost("the agent ended without having measured all");
          },
          tick);
      tick();
    }
  }

 private:
  nlohmann::json request_for(const nlohmann::json& networks, const nlohmann::json& protocol,
                             const std::string& space) const {
    nlohmann::json request = nlohmann::json::object();
    if (!settings_.device.empty()) request["device"] = settings_.device;
    if (networks.is_array()) request["networks"] = networks;
    if (protocol.is_object()) request["protocol"] = protocol;
    if (!space.empty()) request["space"] = space;
    return request;
  }

  nlohmann::json request_for(const SearchSpace& space, std::span<const std::size_t> batch,
                             std::span<const Architecture> xs, const Protocol& protocol) const {
    nlohmann::json networks = nlohmann::json::array();
    for (const std::size_t i : batch) {
      networks.push_back(
          {{"architecture", space.text(xs[i])}, {"onnx", base64(onnx_with_layers(space.network(xs[i])))}});
    }
    return request_for(networks, protocol, space.description());
  }

  /// A value from elsewhere is believed when it can be a latency.
  void check(const Measurement& m) const {
    const auto possible = [](double value) { return std::isfinite(value) && value >= 0; };
    const auto positive = [&](double value) { return possible(value) && value > 0; };
    const auto count = static_cast<std::int64_t>(m.raw_ms.size());
    if (positive(m.mean_ms) && positive(m.median_ms) && positive(m.p90_ms) && possible(m.stddev_ms) &&
        possible(m.cold_ms) && possible(m.reference_ms) && positive(m.drift) && count > 0 && m.runs == count &&
        m.disturbed_runs >= 0 && m.disturbed_runs <= count &&
        std::ranges::all_of(m.raw_ms, [&](float ms) { return positive(ms); }) &&
        std::ranges::all_of(m.outliers, [&](std::uint32_t place) { return place < count; })) {
      return;
    }
    throw InputError(description_, "answers with what is no latency (> 0)");
  }

  /// Sends a request and gives each line of the answer to `take`, after those on the device itself. `tick` is called
  /// meanwhile and may throw.
  void ask(const std::string& path, const nlohmann::json& request,
           const std::function<void(const nlohmann::json&)>& take, const std::function<void()>& tick) {
    bool done = false;
    const auto read_line = [&](const std::string& text) {
      const auto line = nlohmann::json::parse(text, nullptr, false);
      if (!line.is_object()) throw InputError(description_, "answers with what is no JSON object");
      try {
        if (const auto error = line.find("error"); error != line.end()) {
          if (line.value("again", false)) throw ConnectionLost(error->get<std::string>());
          throw InputError(description_, error->get<std::string>());
        }
        if (line.contains("facts")) same_device(line);
        done = done || line.value("done", false);
        take(line);
      } catch (const nlohmann::json::exception&) {
        throw InputError(description_, "answers with a line that is not as expected: " + text.substr(0, 200));
      }
    };
    connection_.post(path, request.dump(), read_line, tick);
    if (!done) throw ConnectionLost("the connection ended in the middle of an answer");
  }

  /// The first answer says what the device is; a later one that says something else is another device.
  void same_device(const nlohmann::json& line) {
    const auto facts = line.at("facts").get<MachineFacts>();
    const auto remote = line.at("device").get<std::string>();
    const std::pair<const char*, std::pair<const std::string&, const std::string&>> fields[] = {
        {"device", {remote_, remote}},
        {"processor", {facts_.cpu, facts.cpu}},
        {"instructions", {facts_.isa, facts.isa}},
        {"engine", {facts_.engine, facts.engine}}};
    for (const auto& [name, values] : fields) {
      if (remote_.empty() || values.first == values.second) continue;
      throw InputError(description_, std::string("the device changed: ") + name + " was '" + values.first +
                                         "' and is now '" + values.second + "'");
    }
    facts_ = facts;
    remote_ = remote;
  }

  /// Does `work` again, after longer and longer pauses, where the agent is gone or busy.
  void patient(const std::function<void()>& work, const std::function<void()>& tick) {
    progressed_ = Clock::now();
    double pause_s = first_pause_s;
    for (;;) {
      const auto tried = Clock::now();
      try {
        return work();
      } catch (const ConnectionLost& lost) {
        const double silent_s = std::chrono::duration<double>(Clock::now() - progressed_).count();
        if (silent_s + pause_s > settings_.patience_s) {
          throw InputError(description_, std::string(lost.what()) + "; given up after " +
                                             number_text(std::round(silent_s * 10) / 10) + " s");
        }
      }
      if (progressed_ > tried) pause_s = first_pause_s;
      const auto until = Clock::now() + std::chrono::duration<double>(pause_s);
      while (Clock::now() < until) {
        tick();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
      pause_s = std::min(2 * pause_s, longest_pause_s);
    }
  }

  AgentSettings settings_;
  AgentConnection connection_;
  std::string description_;
  std::string remote_;  // the agent's own description of the device
  MachineFacts facts_;
  Clock::time_point progressed_;
};

}  // namespace

std::unique_ptr<Device> make_agent_device(Description description, const ProgressCallback& progress) {
  AgentSettings settings;
  settings.url = description.take("url", "");
  settings.device = description.take("device", "");
  settings.token_file = description.take("token_file", "");
  settings.ca_file = description.take("ca_file", "");
  settings.patience_s = description.take_double("patience_s", 120, 0, 86'400);
  description.finish();
  if (settings.url.empty()) throw InputError("agent", "expected agent(url=http://HOST:PORT)");
  return std::make_unique<AgentDevice>(std::move(settings), progress);
}

DeviceKind agent_kind() {
  return {"agent", "url=http://HOST:PORT, device=\"...\", token_file=, ca_file=, patience_s=120", true,
          "oneproxy-agent on another machine; cpp-httplib " CPPHTTPLIB_VERSION};
}

}  // namespace oneproxy

#else

namespace oneproxy {

constexpr const char* how_to_get = "this build has no HTTP; install libcpp-httplib-dev and build again";

std::unique_ptr<Device> make_agent_device(Description, const ProgressCallback&) {
  throw InputError("agent", how_to_get);
}
DeviceKind agent_kind() { return {"agent", "url=http://HOST:PORT, device=\"...\"", false, how_to_get}; }

}  // namespace oneproxy

#endif
