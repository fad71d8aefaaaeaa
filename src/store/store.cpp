#include "oneproxy/store/store.hpp"

#include <sqlite3.h>

#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/measure/json.hpp"
#include "statement.hpp"

namespace oneproxy {
namespace {

constexpr int schema_version = 1;
constexpr std::int64_t application_id = 0x6f6e6570;  // "onep", in the file's header

constexpr const char* schema = R"(
CREATE TABLE run(
  id INTEGER PRIMARY KEY, command TEXT NOT NULL, seed INTEGER NOT NULL, space TEXT NOT NULL, device TEXT NOT NULL,
  protocol TEXT NOT NULL, machine TEXT NOT NULL, started TEXT NOT NULL);
CREATE TABLE measurement(
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(id), role TEXT NOT NULL, architecture TEXT NOT NULL,
  mean_ms REAL NOT NULL, median_ms REAL NOT NULL, p90_ms REAL NOT NULL, stddev_ms REAL NOT NULL, runs INTEGER NOT NULL,
  stopped_by TEXT NOT NULL, measured_at TEXT NOT NULL, core INTEGER NOT NULL, raw_ms BLOB NOT NULL,
  UNIQUE(run, role, architecture));
PRAGMA application_id = 1869505904;
PRAGMA user_version = 1;
)";

static_assert(std::endian::native == std::endian::little, "raw_ms is little-endian in the file");

std::string words(int code, sqlite3* database) {
  switch (code) {
    case SQLITE_NOTADB:
      return "is not a store of measurements";
    case SQLITE_FULL:
      return "cannot be written: the disk is full; what was stored before stays";
    case SQLITE_IOERR:
      if (sqlite3_extended_errcode(database) == SQLITE_IOERR_WRITE) {
        return "cannot be written: the disk is full, over quota or broken; what was stored before stays";
      }
      return "cannot be read or written (disk I/O error)";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "is in use by another process";
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "is read-only";
    case SQLITE_CANTOPEN:
      return "cannot be opened; expected a file in a folder that can be written to";
    case SQLITE_CORRUPT:
      return "is damaged (" + std::string(sqlite3_errmsg(database)) + ")";
    default:
      return std::string("cannot be read or written: ") + sqlite3_errmsg(database);
  }
}

std::string differs(const char* name, const std::string& stored, const std::string& wanted) {
  return stored == wanted ? ""
                          : std::string(name) + ": '" + stored + "' in the stored run, '" + wanted + "' in this one";
}

}  // namespace

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

class Store::Statement : public SqlStatement {
 public:
  Statement(const Store& store, const char* sql)
      : SqlStatement(store.database_.get(), sql, [&store](int code) { store.fail(code); }) {}
};

void Store::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

void Store::fail(int code) const { throw InputError(file_.string(), words(code, database_.get())); }

void Store::execute(const char* sql) const {
  if (const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK) fail(code);
}

std::int64_t Store::number(const char* sql) const {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

Store::Store(const std::filesystem::path& file) : file_(file) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  if (std::filesystem::is_directory(file, error)) throw InputError(file.string(), "is a folder; expected a file");
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  database_.reset(database);
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(database, 0);
  sqlite3_busy_timeout(database, 1000);  // a process that was just killed may take a moment to go
  // One process at a time: two that continue the same run would measure everything twice, at the same time.
  execute("PRAGMA locking_mode = EXCLUSIVE");
  make_or_check_schema();
}

void Store::make_or_check_schema() {
  // Nothing is written before it is known whose file it is.
  const bool fresh = number("SELECT count(*) FROM sqlite_master") == 0;
  if (!fresh && number("PRAGMA application_id") != application_id) fail(SQLITE_NOTADB);
  if (const auto version = number("PRAGMA user_version"); version > schema_version) {
    throw InputError(file_.string(), "has schema version " + std::to_string(version) + "; this program reads up to " +
                                         std::to_string(schema_version) + ": use a newer one");
  }
  if (sqlite3_db_readonly(database_.get(), "main") == 1) fail(SQLITE_READONLY);
  execute("PRAGMA journal_mode = WAL");
  execute("PRAGMA synchronous = FULL");  // the log is on disk before put() returns
  execute("BEGIN IMMEDIATE");            // takes the lock, also where there is nothing to make
  if (fresh) execute(schema);
  execute("COMMIT");
}

std::int64_t Store::begin_run(const RunSettings& settings) {
  Statement insert(*this,
                   "INSERT INTO run(command, seed, space, device, protocol, machine, started) VALUES(?,?,?,?,?,?,?)");
  insert.bind(settings.command).bind(static_cast<std::int64_t>(settings.seed)).bind(settings.space);
  insert.bind(settings.device).bind(nlohmann::json(settings.protocol).dump());
  insert.bind(nlohmann::json(settings.facts).dump()).bind(utc_now());
  insert.step();
  return sqlite3_last_insert_rowid(database_.get());
}

std::vector<StoredRun> Store::runs() const {
  Statement select(*this,
                   "SELECT id, command, seed, space, device, protocol, machine, started FROM run ORDER BY id DESC");
  std::vector<StoredRun> found;
  while (select.step()) {
    StoredRun& run = found.emplace_back();
    run.id = select.integer(0);
    run.settings.command = select.text(1);
    run.settings.seed = static_cast<std::uint64_t>(select.integer(2));
    run.settings.space = select.text(3);
    run.settings.device = select.text(4);
    try {
      run.settings.protocol = nlohmann::json::parse(select.text(5)).get<Protocol>();
      run.settings.facts = nlohmann::json::parse(select.text(6)).get<MachineFacts>();
    } catch (const nlohmann::json::exception&) {
      throw InputError(file_.string() + ", run " + std::to_string(run.id),
                       "protocol or machine is not the JSON expected");
    }
    run.started = select.text(7);
  }
  return found;
}

std::optional<StoredRun> Store::last_run() const {
  auto all = runs();
  if (all.empty()) return std::nullopt;
  return std::move(all.front());
}

void Store::put(std::int64_t run, std::string_view role, const SearchSpace& space, const Measurement& m) {
  assert(m.runs == static_cast<std::int64_t>(m.raw_ms.size()));
  Statement insert(*this,
                   "INSERT OR REPLACE INTO measurement(run, role, architecture, mean_ms, median_ms, p90_ms, stddev_ms, "
                   "runs, stopped_by, measured_at, core, raw_ms) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)");
  insert.bind(run).bind(role).bind(space.text(m.architecture));
  insert.bind(m.mean_ms).bind(m.median_ms).bind(m.p90_ms).bind(m.stddev_ms).bind(m.runs);
  insert.bind(m.stopped_by).bind(m.when).bind(std::int64_t{m.core});
  insert.bind(std::as_bytes(std::span(m.raw_ms)));
  insert.step();
}

std::vector<Measurement> Store::measurements(std::int64_t run, std::string_view role, const SearchSpace& space) const {
  Statement select(
      *this,
      "SELECT id, architecture, mean_ms, median_ms, p90_ms, stddev_ms, runs, stopped_by, measured_at, core, "
      "raw_ms FROM measurement WHERE run = ? AND role = ? ORDER BY id");
  select.bind(run).bind(role);
  std::vector<Measurement> found;
  while (select.step()) {
    const std::string where = file_.string() + ", measurement " + std::to_string(select.integer(0));
    Measurement m;
    try {
      m.architecture = space.parse(select.text(1));
    } catch (const InputError& error) {
      throw InputError(where, error.what());
    }
    m.mean_ms = select.real(2);
    m.median_ms = select.real(3);
    m.p90_ms = select.real(4);
    m.stddev_ms = select.real(5);
    m.runs = select.integer(6);
    m.stopped_by = select.text(7);
    m.when = select.text(8);
    m.core = static_cast<int>(select.integer(9));
    const auto raw = select.blob(10);
    m.raw_ms.resize(raw.size() / sizeof(float));
    if (raw.size() % sizeof(float) != 0 || m.runs != static_cast<std::int64_t>(m.raw_ms.size())) {
      throw InputError(where, "has " + std::to_string(m.runs) + " runs but " + std::to_string(raw.size()) +
                                  " bytes of them; expected 4 bytes a run");
    }
    if (!raw.empty()) std::memcpy(m.raw_ms.data(), raw.data(), raw.size());
    if (!(m.mean_ms > 0 && m.median_ms > 0 && std::isfinite(m.mean_ms) && std::isfinite(m.median_ms))) {
      throw InputError(where, "mean_ms or median_ms is not a latency (> 0)");
    }
    found.push_back(std::move(m));
  }
  return found;
}

}  // namespace oneproxy
