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

/// A measurement as it is kept, without its space: `measurement.architecture` is empty.
struct StoredMeasurement {
  std::int64_t id = 0;
  std::int64_t run = 0;
  std::string role;
  std::string architecture;  ///< the space's text
  Measurement measurement;
};

/// What could be read of a store, and what is wrong with it, one line each.
struct Salvage {
  std::vector<StoredMeasurement> measurements;
  std::vector<std::string> faults;
};

/// Names the first setting in which two runs differ, with both values; "" where the second may continue the first.
/// Facts that change between starts of one machine (memory, governor, cores allowed, kernel) and the time after which
/// a silent engine is given up do not count.
std::string difference(const RunSettings& stored, const RunSettings& wanted);

/// Whether `place` is a URL of a PostgreSQL server and not a file.
bool is_server(std::string_view place);

class StoreBackend;

/// Measurements that outlive a crash (docs/formats/store.md): an SQLite file with a write-ahead log, or a PostgreSQL
/// server, which waits out a server that is gone for up to two minutes. What put() returned for is on disk, whatever
/// happens to the process or the machine afterwards. Several processes may write to one store, but a run is one
/// process's. Not safe to share between threads. All functions throw InputError naming the place: no store, written by
/// a newer program, damaged, read-only, disk full, server away.
class Store {
 public:
  /// Opens the store, or makes it where there is none. `place` is a file or `postgresql://USER@HOST/DATABASE`.
  explicit Store(const std::filesystem::path& place);
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  /// Begins a run, which is then this object's alone.
  std::int64_t begin_run(const RunSettings& settings);
  /// Makes an earlier run this object's alone, as long as this object lives.
  /// @throws InputError where another process has it.
  void claim(std::int64_t run);
  /// Every run, the one that began last first.
  std::vector<StoredRun> runs() const;
  /// The run that began last; none in an empty store.
  std::optional<StoredRun> last_run() const;

  /// Keeps a measurement of `run`. `role` says what it is for: "sample", "front", "repeat" or the like. An architecture
  /// has one measurement in a role of a run; a later one takes the place of an earlier one.
  void put(std::int64_t run, std::string_view role, const SearchSpace& space, const Measurement& measurement);
  /// In the order in which they were put.
  std::vector<Measurement> measurements(std::int64_t run, std::string_view role, const SearchSpace& space) const;

  /// All of a run, without knowing its space.
  std::vector<StoredMeasurement> rows(std::int64_t run) const;
  /// Reads whatever can be read, and says what cannot.
  Salvage salvage() const;
  /// Copies what `other` has and this store lacks; runs are the same when all their settings and their start are.
  /// Where both have an architecture in a role of a run, the later measurement stays. Returns how many were taken.
  std::size_t merge(const Store& other);

 private:
  std::unique_ptr<StoreBackend> backend_;
};

}  // namespace oneproxy
