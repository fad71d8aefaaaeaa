#include "oneproxy/store/store.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "backend.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/measure/json.hpp"

namespace oneproxy {
namespace {

static_assert(std::endian::native == std::endian::little, "raw_ms is little-endian in the store");

std::string differs(const char* name, const std::string& stored, const std::string& wanted) {
  return stored == wanted ? ""
                          : std::string(name) + ": '" + stored + "' in the stored run, '" + wanted + "' in this one";
}

/// @throws InputError where no measurement can have such values.
void require_latencies(const std::string& where, const Measurement& m) {
  if (!(m.mean_ms > 0 && m.median_ms > 0 && std::isfinite(m.mean_ms) && std::isfinite(m.median_ms))) {
    throw InputError(where, "mean_ms or median_ms is not a latency (> 0)");
  }
}

}  // namespace

bool is_server(std::string_view place) { return place.starts_with("postgresql:") || place.starts_with("postgres:"); }

std::string difference(const RunSettings& stored, const RunSettings& wanted) {
  const auto fields = [](const RunSettings& settings) {
    Protocol protocol = settings.protocol;
    protocol.hang_timeout_s = 0;
    return std::vector<std::pair<const char*, std::string>>{{"command", settings.command},
                                                            {"seed", std::to_string(settings.seed)},
                                                            {"space", settings.space},
                                                            {"device", settings.device},
                                                            {"protocol", nlohmann::json(protocol).dump()},
                                                            {"processor", settings.facts.cpu},
                                                            {"instructions", settings.facts.isa},
                                                            {"engine", settings.facts.engine}};
  };
  const auto before = fields(stored);
  const auto now = fields(wanted);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (auto text = differs(before[i].first, before[i].second, now[i].second); !text.empty()) return text;
  }
  return "";
}

std::string protocol_text(const RunSettings& settings) { return nlohmann::json(settings.protocol).dump(); }
std::string machine_text(const RunSettings& settings) { return nlohmann::json(settings.facts).dump(); }

void read_run_texts(const std::string& where, const std::string& protocol, const std::string& machine,
                    RunSettings& settings) {
  try {
    settings.protocol = nlohmann::json::parse(protocol).get<Protocol>();
    settings.facts = nlohmann::json::parse(machine).get<MachineFacts>();
  } catch (const nlohmann::json::exception&) {
    throw InputError(where, "protocol or machine is not the JSON expected");
  }
}

void read_conditions_text(const std::string& where, const std::string& text, Measurement& m) {
  try {
    read_conditions(nlohmann::json::parse(text), m);
  } catch (const nlohmann::json::exception&) {
    throw InputError(where, "conditions is not the JSON expected");
  }
}

void read_raw(const std::string& where, std::string_view bytes, Measurement& m) {
  m.raw_ms.resize(bytes.size() / sizeof(float));
  if (bytes.size() % sizeof(float) != 0 || m.runs != static_cast<std::int64_t>(m.raw_ms.size())) {
    throw InputError(where, "raw_ms has " + std::to_string(bytes.size()) + " bytes for " + std::to_string(m.runs) +
                                " runs; expected 4 bytes a run");
  }
  if (!bytes.empty()) std::memcpy(m.raw_ms.data(), bytes.data(), bytes.size());
}

std::string_view raw_bytes(const Measurement& m) {
  return {reinterpret_cast<const char*>(m.raw_ms.data()), m.raw_ms.size() * sizeof(float)};
}

Store::Store(const std::filesystem::path& place)
    : backend_(is_server(place.string()) ? open_postgres(place.string()) : open_sqlite(place)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

std::int64_t Store::begin_run(const RunSettings& settings) {
  const auto run = backend_->begin_run(settings, utc_now());
  claim(run);
  return run;
}

void Store::claim(std::int64_t run) { backend_->claim(run); }

std::vector<StoredRun> Store::runs() const { return backend_->runs(); }

std::optional<StoredRun> Store::last_run() const {
  auto all = runs();
  if (all.empty()) return std::nullopt;
  return std::move(all.front());
}

void Store::put(std::int64_t run, std::string_view role, const SearchSpace& space, const Measurement& m) {
  assert(m.runs == static_cast<std::int64_t>(m.raw_ms.size()));
  backend_->put(run, role, space.text(m.architecture), m);
}

std::vector<Measurement> Store::measurements(std::int64_t run, std::string_view role, const SearchSpace& space) const {
  std::vector<Measurement> found;
  for (auto& row : backend_->measurements(run, role)) {
    const std::string where = backend_->place() + ", measurement " + std::to_string(row.id);
    require_latencies(where, row.measurement);
    try {
      row.measurement.architecture = space.parse(row.architecture);
    } catch (const InputError& error) {
      throw InputError(where, error.what());
    }
    found.push_back(std::move(row.measurement));
  }
  return found;
}

std::vector<StoredMeasurement> Store::rows(std::int64_t run) const { return backend_->measurements(run, ""); }

Salvage Store::salvage() const {
  Salvage salvage = backend_->salvage();
  std::erase_if(salvage.measurements, [&](const StoredMeasurement& row) {
    try {
      require_latencies(backend_->place() + ", measurement " + std::to_string(row.id), row.measurement);
      return false;
    } catch (const InputError& error) {
      salvage.faults.emplace_back(error.what());
      return true;
    }
  });
  try {
    backend_->runs();
  } catch (const InputError& error) {
    salvage.faults.emplace_back(error.what());
  }
  return salvage;
}

std::size_t Store::merge(const Store& other) {
  const auto key = [](const StoredRun& run) {
    const RunSettings& s = run.settings;
    return nlohmann::json{run.started, s.command, s.seed, s.space, s.device, protocol_text(s), machine_text(s)}.dump();
  };
  // Runs with one key meet in the order in which they began.
  std::map<std::string, std::deque<std::int64_t>> ours;
  for (const auto& run : runs()) ours[key(run)].push_front(run.id);
  std::size_t taken = 0;
  auto theirs = other.runs();
  std::ranges::reverse(theirs);  // the oldest first, so that the last stays the last
  for (const auto& run : theirs) {
    auto& known = ours[key(run)];
    const auto id = known.empty() ? backend_->begin_run(run.settings, run.started) : known.front();
    if (!known.empty()) known.pop_front();
    claim(id);
    std::map<std::pair<std::string, std::string>, Measurement> have;
    for (auto& row : rows(id)) have[{row.role, row.architecture}] = std::move(row.measurement);
    for (const auto& row : other.rows(run.id)) {
      const auto mine = have.find({row.role, row.architecture});
      if (mine != have.end() && mine->second.when >= row.measurement.when) continue;
      backend_->put(id, row.role, row.architecture, row.measurement);
      ++taken;
    }
  }
  return taken;
}

}  // namespace oneproxy
