#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <set>

#include "backend.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/measure/json.hpp"
#include "statement.hpp"

namespace oneproxy {
namespace {

constexpr int schema_version = 2;
constexpr std::int64_t application_id = 0x6f6e6570;  // "onep", in the file's header
constexpr int busy_timeout_ms = 30'000;              // other writers take milliseconds each

constexpr const char* schema = R"(
CREATE TABLE run(
  id INTEGER PRIMARY KEY, command TEXT NOT NULL, seed INTEGER NOT NULL, space TEXT NOT NULL, device TEXT NOT NULL,
  protocol TEXT NOT NULL, machine TEXT NOT NULL, started TEXT NOT NULL);
CREATE TABLE measurement(
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run(id), role TEXT NOT NULL, architecture TEXT NOT NULL,
  mean_ms REAL NOT NULL, median_ms REAL NOT NULL, p90_ms REAL NOT NULL, stddev_ms REAL NOT NULL, runs INTEGER NOT NULL,
  stopped_by TEXT NOT NULL, measured_at TEXT NOT NULL, core INTEGER NOT NULL, raw_ms BLOB NOT NULL,
  conditions TEXT NOT NULL DEFAULT '{}', UNIQUE(run, role, architecture));
PRAGMA application_id = 1869505904;
PRAGMA user_version = 2;
)";

constexpr const char* to_version_2 = R"(
ALTER TABLE measurement ADD COLUMN conditions TEXT NOT NULL DEFAULT '{}';
PRAGMA user_version = 2;
)";

constexpr const char* columns =
    "id, run, role, architecture, mean_ms, median_ms, p90_ms, stddev_ms, runs, stopped_by, measured_at, core, "
    "raw_ms, conditions";

std::string words(int code, sqlite3* database) {
  switch (code) {
    case SQLITE_NOTADB:
      return "is not a store of measurements";
    case SQLITE_FULL:
      return "cannot be written: the disk is full; what was stored before stays";
    case SQLITE_IOERR:
      // Also where the log's shared memory finds no room, and where the system notices only when it writes for good.
      if (const int how = sqlite3_extended_errcode(database);
          how == SQLITE_IOERR_WRITE || how == SQLITE_IOERR_SHMSIZE || how == SQLITE_IOERR_FSYNC) {
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

/// The lock on a run, for as long as it lives: a byte of a file beside the store, so that it goes with its process.
class RunLock {
 public:
  /// @throws InputError where another process has the run.
  RunLock(const std::filesystem::path& file, std::int64_t run)
      : descriptor_(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = run;
    range.l_len = 1;
    if (descriptor_ < 0 || fcntl(descriptor_, F_OFD_SETLK, &range) != 0) {
      const bool taken = descriptor_ >= 0 && (errno == EAGAIN || errno == EACCES);
      if (descriptor_ >= 0) close(descriptor_);
      throw InputError(file.string(), taken ? "run " + std::to_string(run) + " is in use by another process"
                                            : "cannot be opened; expected a folder that can be written to");
    }
  }
  RunLock(RunLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  RunLock& operator=(RunLock&&) = delete;
  ~RunLock() {
    if (descriptor_ >= 0) close(descriptor_);
  }

 private:
  int descriptor_;
};

class SqliteBackend final : public StoreBackend {
 public:
  explicit SqliteBackend(const std::filesystem::path& file);

  const std::string& place() const override { return place_; }
  std::int64_t begin_run(const RunSettings& settings, const std::string& started) override;
  void claim(std::int64_t run) override {
    if (claimed_.contains(run)) return;
    locks_.emplace_back(place_ + "-lock", run);
    claimed_.insert(run);
  }
  std::vector<StoredRun> runs() override;
  void put(std::int64_t run, std::string_view role, std::string_view architecture, const Measurement& m) override;
  std::vector<StoredMeasurement> measurements(std::int64_t run, std::string_view role) override;
  Salvage salvage() override;

 private:
  class Statement : public SqlStatement {
   public:
    Statement(const SqliteBackend& store, const std::string& sql)
        : SqlStatement(store.database_.get(), sql.c_str(), [&store](int code) { store.fail(code); }) {}
  };
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };

  [[noreturn]] void fail(int code) const { throw InputError(place_, words(code, database_.get())); }
  void execute(const char* sql) const {
    if (const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK) fail(code);
  }
  std::int64_t number(const char* sql) const {
    Statement statement(*this, sql);
    return statement.step() ? statement.integer(0) : 0;
  }
  void make_or_check_schema();
  StoredMeasurement row_of(Statement& select) const;

  std::string place_;
  std::unique_ptr<sqlite3, Close> database_;
  std::vector<RunLock> locks_;
  std::set<std::int64_t> claimed_;
};

SqliteBackend::SqliteBackend(const std::filesystem::path& file) : place_(file.string()) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  if (std::filesystem::is_directory(file, error)) throw InputError(place_, "is a folder; expected a file");
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  database_.reset(database);
  if (code != SQLITE_OK) fail(code);
  sqlite3_extended_result_codes(database, 0);
  sqlite3_busy_timeout(database, busy_timeout_ms);
  make_or_check_schema();
}

void SqliteBackend::make_or_check_schema() {
  // Nothing is written before it is known whose file it is.
  const auto fresh = [&] { return number("SELECT count(*) FROM sqlite_master") == 0; };
  const auto version = [&] { return number("PRAGMA user_version"); };
  if (!fresh() && number("PRAGMA application_id") != application_id) fail(SQLITE_NOTADB);
  if (version() > schema_version) {
    throw InputError(place_, "has schema version " + std::to_string(version()) + "; this program reads up to " +
                                 std::to_string(schema_version) + ": use a newer one");
  }
  if (sqlite3_db_readonly(database_.get(), "main") == 1) fail(SQLITE_READONLY);
  execute("PRAGMA journal_mode = WAL");
  execute("PRAGMA synchronous = FULL");  // the log is on disk before put() returns
  execute("BEGIN IMMEDIATE");            // another process may make it at the same time: look again, alone
  if (fresh()) {
    execute(schema);
  } else if (version() == 1) {
    execute(to_version_2);
  }
  execute("COMMIT");
}

std::int64_t SqliteBackend::begin_run(const RunSettings& settings, const std::string& started) {
  Statement insert(*this,
                   "INSERT INTO run(command, seed, space, device, protocol, machine, started) VALUES(?,?,?,?,?,?,?)");
  insert.bind(settings.command).bind(static_cast<std::int64_t>(settings.seed)).bind(settings.space);
  insert.bind(settings.device).bind(protocol_text(settings)).bind(machine_text(settings)).bind(started);
  insert.step();
  return sqlite3_last_insert_rowid(database_.get());
}

std::vector<StoredRun> SqliteBackend::runs() {
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
    read_run_texts(place_ + ", run " + std::to_string(run.id), select.text(5), select.text(6), run.settings);
    run.started = select.text(7);
  }
  return found;
}

void SqliteBackend::put(std::int64_t run, std::string_view role, std::string_view architecture, const Measurement& m) {
  Statement insert(*this,
                   "INSERT OR REPLACE INTO measurement(run, role, architecture, mean_ms, median_ms, p90_ms, stddev_ms, "
                   "runs, stopped_by, measured_at, core, raw_ms, conditions) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)");
  insert.bind(run).bind(role).bind(architecture);
  insert.bind(m.mean_ms).bind(m.median_ms).bind(m.p90_ms).bind(m.stddev_ms).bind(m.runs);
  insert.bind(m.stopped_by).bind(m.when).bind(std::int64_t{m.core});
  insert.bind(std::as_bytes(std::span(raw_bytes(m)))).bind(conditions(m).dump());
  insert.step();
}

StoredMeasurement SqliteBackend::row_of(Statement& select) const {
  StoredMeasurement row;
  row.id = select.integer(0);
  row.run = select.integer(1);
  row.role = select.text(2);
  row.architecture = select.text(3);
  Measurement& m = row.measurement;
  m.mean_ms = select.real(4);
  m.median_ms = select.real(5);
  m.p90_ms = select.real(6);
  m.stddev_ms = select.real(7);
  m.runs = select.integer(8);
  m.stopped_by = select.text(9);
  m.when = select.text(10);
  m.core = static_cast<int>(select.integer(11));
  const std::string where = place_ + ", measurement " + std::to_string(row.id);
  read_raw(where, select.text(12), m);
  read_conditions_text(where, select.text(13), m);
  return row;
}

std::vector<StoredMeasurement> SqliteBackend::measurements(std::int64_t run, std::string_view role) {
  Statement select(*this, std::string("SELECT ") + columns +
                              " FROM measurement WHERE run = ?1 AND (role = ?2 OR ?2 = '') ORDER BY id");
  select.bind(run).bind(role);
  std::vector<StoredMeasurement> found;
  while (select.step()) found.push_back(row_of(select));
  return found;
}

Salvage SqliteBackend::salvage() {
  Salvage salvage;
  try {
    Statement check(*this, "PRAGMA integrity_check(20)");
    while (check.step()) {
      std::string line = check.text(0);
      for (char& c : line) c = c == '\n' ? ' ' : c;
      if (line != "ok") salvage.faults.push_back(place_ + ": " + line);
    }
  } catch (const InputError& error) {
    salvage.faults.emplace_back(error.what());
  }
  // Row by row: a damaged page hides its own rows and no others.
  std::int64_t last = 0;
  try {
    last = number("SELECT max(id) FROM measurement");
  } catch (const InputError&) {
    // The page with the last rows is the damaged one: no row takes less than 64 bytes.
    std::error_code error;
    last = static_cast<std::int64_t>(std::filesystem::file_size(place_, error) / 64);
  }
  std::int64_t lost_count = 0;
  for (std::int64_t id = 1; id <= last; ++id) {
    try {
      Statement select(*this, std::string("SELECT ") + columns + " FROM measurement WHERE id = ?");
      select.bind(id);
      if (select.step()) salvage.measurements.push_back(row_of(select));
    } catch (const InputError& error) {
      if (++lost_count <= 20)
        salvage.faults.push_back(std::string(error.what()) + " at measurement " + std::to_string(id));
    }
  }
  return salvage;
}

}  // namespace

std::unique_ptr<StoreBackend> open_sqlite(const std::filesystem::path& file) {
  return std::make_unique<SqliteBackend>(file);
}

}  // namespace oneproxy
