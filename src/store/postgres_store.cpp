#include "backend.hpp"
#include "oneproxy/base/error.hpp"

#ifdef ONEPROXY_HAS_POSTGRES

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>
#include <random>
#include <set>
#include <thread>

#include "oneproxy/measure/json.hpp"

namespace oneproxy {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int schema_version = 2;  // the same as that of the SQLite file with the same columns
constexpr int lock_class = 0x6f6e6570;
constexpr std::chrono::seconds patience{120};  // for a server that is gone
constexpr std::chrono::seconds longest_pause{5};

constexpr const char* schema = R"(
CREATE TABLE oneproxy_store(version integer NOT NULL);
CREATE TABLE oneproxy_run(
  id bigserial PRIMARY KEY, token text NOT NULL UNIQUE, command text NOT NULL, seed bigint NOT NULL,
  space text NOT NULL, device text NOT NULL, protocol text NOT NULL, machine text NOT NULL, started text NOT NULL);
CREATE TABLE oneproxy_measurement(
  id bigserial PRIMARY KEY, run bigint NOT NULL REFERENCES oneproxy_run(id), role text NOT NULL,
  architecture text NOT NULL, mean_ms float8 NOT NULL, median_ms float8 NOT NULL, p90_ms float8 NOT NULL,
  stddev_ms float8 NOT NULL, runs bigint NOT NULL, stopped_by text NOT NULL, measured_at text NOT NULL,
  core integer NOT NULL, raw_ms bytea NOT NULL, conditions text NOT NULL, UNIQUE(run, role, architecture));
)";

constexpr const char* select_measurements =
    "SELECT id, run, role, architecture, mean_ms, median_ms, p90_ms, stddev_ms, runs, stopped_by, measured_at, core, "
    "raw_ms, conditions FROM oneproxy_measurement ";

/// The URL without a password.
std::string shown(const std::string& url) {
  std::string text = url;
  if (const auto parameter = text.find("password="); parameter != std::string::npos) {
    const auto value = parameter + std::string_view("password=").size();
    text.replace(value, std::min(text.find('&', value), text.size()) - value, "***");
  }
  const auto begin = text.find("://");
  const auto at = text.find('@');
  const auto colon = begin == std::string::npos ? begin : text.find(':', begin + 3);
  if (at == std::string::npos || colon == std::string::npos || colon > at) return text;
  return text.substr(0, colon) + ":***" + text.substr(at);
}

std::string one_line(std::string text) {
  text.erase(std::min(text.find_last_not_of(" \r\n") + 1, text.size()));
  std::ranges::replace(text, '\n', ' ');
  return text;
}

/// The shortest text that reads back as the same number (pqxx writes fewer digits).
std::string exact(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

double real(const pqxx::field& field) {
  double value = 0;
  const char* const text = field.c_str();
  std::from_chars(text, text + field.size(), value);
  return value;
}

/// Tells a run apart from one that the same program begins at the same second: no part of any result.
std::string random_token() {
  std::random_device device;
  std::string token;
  for (int i = 0; i < 4; ++i) token += std::to_string(device()) + '-';
  return token;
}

class PostgresBackend final : public StoreBackend {
 public:
  explicit PostgresBackend(const std::string& url) : url_(url), place_(shown(url)) {
    connect();
    make_or_check_schema();
  }

  const std::string& place() const override { return place_; }

  std::int64_t begin_run(const RunSettings& s, const std::string& started) override {
    const std::string token = random_token();
    std::int64_t id = 0;
    transact([&](pqxx::work& work) {
      // Where the answer to an earlier try was lost, the run is there already.
      work.exec_params(
          "INSERT INTO oneproxy_run(token, command, seed, space, device, protocol, machine, started) "
          "VALUES($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (token) DO NOTHING",
          token, s.command, static_cast<std::int64_t>(s.seed), s.space, s.device, protocol_text(s), machine_text(s),
          started);
      id = work.exec_params("SELECT id FROM oneproxy_run WHERE token = $1", token)[0][0].as<std::int64_t>();
    });
    return id;
  }

  void claim(std::int64_t run) override {
    if (claimed_.contains(run)) return;
    transact([&](pqxx::work& work) { lock(work, run); });
    claimed_.insert(run);
  }

  std::vector<StoredRun> runs() override {
    std::vector<StoredRun> found;
    transact([&](pqxx::work& work) {
      found.clear();
      for (const auto& row : work.exec("SELECT id, command, seed, space, device, protocol, machine, started FROM "
                                       "oneproxy_run ORDER BY id DESC")) {
        StoredRun& run = found.emplace_back();
        run.id = row[0].as<std::int64_t>();
        run.settings.command = row[1].c_str();
        run.settings.seed = static_cast<std::uint64_t>(row[2].as<std::int64_t>());
        run.settings.space = row[3].c_str();
        run.settings.device = row[4].c_str();
        read_run_texts(place_ + ", run " + std::to_string(run.id), row[5].c_str(), row[6].c_str(), run.settings);
        run.started = row[7].c_str();
      }
    });
    return found;
  }

  void put(std::int64_t run, std::string_view role, std::string_view architecture, const Measurement& m) override {
    transact([&](pqxx::work& work) {
      work.exec_params(
          "INSERT INTO oneproxy_measurement(run, role, architecture, mean_ms, median_ms, p90_ms, stddev_ms, runs, "
          "stopped_by, measured_at, core, raw_ms, conditions) "
          "VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
          "ON CONFLICT (run, role, architecture) DO UPDATE SET (id, mean_ms, median_ms, p90_ms, stddev_ms, runs, "
          "stopped_by, measured_at, core, raw_ms, conditions) = (EXCLUDED.id, EXCLUDED.mean_ms, EXCLUDED.median_ms, "
          "EXCLUDED.p90_ms, EXCLUDED.stddev_ms, EXCLUDED.runs, EXCLUDED.stopped_by, EXCLUDED.measured_at, "
          "EXCLUDED.core, EXCLUDED.raw_ms, EXCLUDED.conditions)",
          run, std::string(role), std::string(architecture), exact(m.mean_ms), exact(m.median_ms), exact(m.p90_ms),
          exact(m.stddev_ms), m.runs, m.stopped_by, m.when, m.core,
          pqxx::binarystring(raw_bytes(m).data(), raw_bytes(m).size()), conditions(m).dump());
    });
  }

  std::vector<StoredMeasurement> measurements(std::int64_t run, std::string_view role) override {
    std::vector<StoredMeasurement> found;
    transact([&](pqxx::work& work) {
      found.clear();
      const auto rows =
          work.exec_params(std::string(select_measurements) + "WHERE run = $1 AND (role = $2 OR $2 = '') ORDER BY id",
                           run, std::string(role));
      for (const auto& row : rows) found.push_back(row_of(row));
    });
    return found;
  }

  Salvage salvage() override {
    Salvage salvage;
    transact([&](pqxx::work& work) {
      salvage = {};
      for (const auto& row : work.exec(std::string(select_measurements) + "ORDER BY id")) {
        try {
          salvage.measurements.push_back(row_of(row));
        } catch (const InputError& error) {
          salvage.faults.emplace_back(error.what());
        }
      }
    });
    return salvage;
  }

 private:
  void connect() {
    connection_.reset();
    connection_ = std::make_unique<pqxx::connection>(url_);
  }

  /// Connects and takes the locks of the claimed runs again. The server may not have noticed yet that the session is
  /// gone which held them, so until `deadline` it is asked again; without its locks no connection stays open.
  void reconnect(Clock::time_point deadline) {
    for (;;) {
      connect();
      try {
        pqxx::work work(*connection_);
        for (const auto run : claimed_) lock(work, run);
        work.commit();
        return;
      } catch (const InputError&) {
        if (Clock::now() + longest_pause > deadline) {
          connection_.reset();
          throw;
        }
      } catch (...) {
        connection_.reset();
        throw;
      }
      connection_.reset();
      std::this_thread::sleep_for(longest_pause);
    }
  }

  /// Does `body` in a transaction; again, after reconnecting, where the server is gone: each body leaves the same when
  /// it is done twice.
  template <class Body>
  void transact(Body body) {
    const auto deadline = Clock::now() + patience;
    std::chrono::milliseconds pause{100};
    for (;;) {
      try {
        if (!connection_ || !connection_->is_open()) reconnect(deadline);
        pqxx::work work(*connection_);
        body(work);
        work.commit();
        return;
      } catch (const pqxx::sql_error& error) {
        const std::string state = error.sqlstate();
        // The server shuts down or starts; two transactions met.
        if (!state.starts_with("57P") && state != "40001" && state != "40P01") fail(error);
        if (Clock::now() + pause > deadline) fail(error);
        if (state.starts_with("57P")) connection_.reset();
      } catch (const pqxx::in_doubt_error& error) {
        if (Clock::now() + pause > deadline) fail(error);
        connection_.reset();
      } catch (const pqxx::broken_connection& error) {
        if (Clock::now() + pause > deadline) fail(error);
        connection_.reset();
      } catch (const pqxx::failure& error) {
        fail(error);
      }
      std::this_thread::sleep_for(pause);
      pause = std::min<std::chrono::milliseconds>(2 * pause, longest_pause);
    }
  }

  [[noreturn]] void fail(const std::exception& error) const {
    throw InputError(place_, "PostgreSQL: " + one_line(error.what()));
  }

  void lock(pqxx::work& work, std::int64_t run) const {
    const auto row = work.exec_params("SELECT pg_try_advisory_lock($1, $2)", lock_class, static_cast<int>(run));
    if (!row[0][0].as<bool>()) {
      throw InputError(place_, "run " + std::to_string(run) + " is in use by another process");
    }
  }

  void make_or_check_schema() {
    int version = 0;
    transact([&](pqxx::work& work) {
      work.exec_params("SELECT pg_advisory_xact_lock($1)", lock_class);
      if (work.exec("SELECT to_regclass('oneproxy_store')")[0][0].is_null()) {
        work.exec(schema);
        work.exec_params("INSERT INTO oneproxy_store VALUES($1)", schema_version);
      }
      const auto rows = work.exec("SELECT max(version) FROM oneproxy_store");
      version = rows[0][0].is_null() ? 0 : rows[0][0].as<int>();
    });
    if (version > schema_version) {
      throw InputError(place_, "has schema version " + std::to_string(version) + "; this program reads up to " +
                                   std::to_string(schema_version) + ": use a newer one");
    }
  }

  StoredMeasurement row_of(const pqxx::row& row) const {
    StoredMeasurement stored;
    stored.id = row[0].as<std::int64_t>();
    stored.run = row[1].as<std::int64_t>();
    stored.role = row[2].c_str();
    stored.architecture = row[3].c_str();
    Measurement& m = stored.measurement;
    m.mean_ms = real(row[4]);
    m.median_ms = real(row[5]);
    m.p90_ms = real(row[6]);
    m.stddev_ms = real(row[7]);
    m.runs = row[8].as<std::int64_t>();
    m.stopped_by = row[9].c_str();
    m.when = row[10].c_str();
    m.core = row[11].as<int>();
    const std::string where = place_ + ", measurement " + std::to_string(stored.id);
    const pqxx::binarystring raw(row[12]);
    read_raw(where, {reinterpret_cast<const char*>(raw.data()), raw.size()}, m);
    read_conditions_text(where, row[13].c_str(), m);
    return stored;
  }

  std::string url_;
  std::string place_;
  std::unique_ptr<pqxx::connection> connection_;
  std::set<std::int64_t> claimed_;
};

}  // namespace

std::unique_ptr<StoreBackend> open_postgres(const std::string& url) {
  try {
    return std::make_unique<PostgresBackend>(url);
  } catch (const pqxx::failure& error) {
    throw InputError(shown(url), "PostgreSQL: " + one_line(error.what()));
  }
}

}  // namespace oneproxy

#else

namespace oneproxy {

std::unique_ptr<StoreBackend> open_postgres(const std::string&) {
  throw InputError("postgresql://", "this build has no PostgreSQL; install libpqxx-dev and build again");
}

}  // namespace oneproxy

#endif
