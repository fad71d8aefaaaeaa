#include "oneproxy/report/live_log.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "json_parts.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/space/search_space.hpp"
#include "oneproxy/store/store.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;

std::filesystem::path live_file(const std::filesystem::path& folder) { return folder / "live.json"; }

/// A text field; "" where it is missing or no text.
std::string text_of(const json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string result_written(const std::filesystem::path& folder) {
  try {
    const auto result = json::parse(read_file(folder / "result.json"), nullptr, false);
    return result.is_object() ? text_of(result, "written") : "";
  } catch (const InputError&) {
    return "";
  }
}

bool is_alive(const json& header) {
  const auto found = header.find("pid");
  if (found == header.end()) return false;
  const json& pid = *found;
  return pid.is_number_integer() && pid.get<pid_t>() > 0 && kill(pid.get<pid_t>(), 0) == 0;
}

}  // namespace

LiveLog::LiveLog(const std::filesystem::path& folder, const Store& store, std::int64_t run, const SearchSpace& space,
                 std::string target)
    : file_(live_file(folder)), store_(store), run_(run), space_(space), target_(std::move(target)) {
  update();
}

LiveLog::~LiveLog() {
  std::error_code error;
  std::filesystem::remove(file_, error);
}

void LiveLog::update() {
  const auto now = std::chrono::steady_clock::now();
  if (now - written_at_ < std::chrono::seconds(1)) return;
  written_at_ = now;
  json live{{"pid", getpid()}, {"space", space_.description()}, {"target", target_}, {"measurements", json::array()}};
  for (const char* role : {"sample", "repeat", "front"}) {
    for (const Measurement& m : store_.measurements(run_, role, space_)) {
      const json latency = latency_json(m);
      live["measurements"].push_back({{"role", role},
                                      {"text", space_.text(m.architecture)},
                                      {"median", m.median_ms},
                                      {"low", latency.value("median_low", m.median_ms)},
                                      {"high", latency.value("median_high", m.median_ms)},
                                      {"when", m.when}});
    }
  }
  write_file(file_, live.dump());
}

json read_live(const std::filesystem::path& folder) {
  json live{{"state", "none"},
            {"space", ""},
            {"target", ""},
            {"measurements", json::array()},
            {"result_written", result_written(folder)}};
  json told;
  try {
    told = json::parse(read_file(live_file(folder)), nullptr, false);
  } catch (const InputError&) {
    return live;  // nothing runs
  }
  if (!told.is_object()) return live;
  live["state"] = is_alive(told) ? "running" : "stopped";
  for (const char* field : {"space", "target"}) live[field] = text_of(told, field);
  if (told.contains("measurements") && told["measurements"].is_array()) live["measurements"] = told["measurements"];
  return live;
}

}  // namespace oneproxy
