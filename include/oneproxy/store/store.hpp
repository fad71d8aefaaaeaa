#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oneproxy/measure/device.hpp"
#include "oneproxy/measure/measurement.hpp"
#include "oneproxy/space/search_space.hpp"

struct sqlite3;

namespace oneproxy {

/// What a run was asked for, and where: as much as must be the same for a run to be continued.
struct RunSettings {
  std::string command;  ///< e.g. "run", with whatever else must not change
  std::uint64_t seed = 1;
  std::string space;   ///< its description
  std::string device;  ///< its description
  Protocol protocol;
  MachineFacts facts;
};

struct StoredRun {
  std::int64_t id = 0;
  std::string started;  ///< UTC, ISO 8601
  RunSettings settings;
};

/// Names the first setting in which two runs differ, with both values; "" where the second may continue the first.
/// Facts that change between starts of one machine (memory, governor, cores allowed, kernel) and the time after which
/// a silent engine is given up do not count.
std::string difference(const RunSettings& stored, const RunSettings& wanted);

/// Measurements that outlive a crash: an SQLite file with a write-ahead log (docs/formats/store.md).
/// What put() returned for is on disk, whatever happens to the process or the machine afterwards.
/// One process at a time; not safe to share between threads. All functions throw InputError naming the file:
/// no store, written by a newer program, damaged, in use, read-only, disk full.
class Store {
 public:
  /// Opens the store, or makes it where there is no file.
  explicit Store(const std::filesystem::path& file);
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  std::int64_t begin_run(const RunSettings& settings);
  /// Every run, the one that began last first.
  std::vector<StoredRun> runs() const;
  /// The run that began last; none in an empty store.
  std::optional<StoredRun> last_run() const;

  /// Keeps a measurement of `run`. `role` says what it is for: "sample", "front", "repeat" or the like. An architecture
  /// has one measurement in a role of a run; a later one takes the place of an earlier one.
  void put(std::int64_t run, std::string_view role, const SearchSpace& space, const Measurement& measurement);
  /// In the order in which they were put.
  std::vector<Measurement> measurements(std::int64_t run, std::string_view role, const SearchSpace& space) const;

 private:
  class Statement;
  struct Close {
    void operator()(sqlite3* database) const;
  };

  [[noreturn]] void fail(int code) const;
  void execute(const char* sql) const;
  std::int64_t number(const char* sql) const;
  void make_or_check_schema();

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace oneproxy
