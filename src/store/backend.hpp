#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "oneproxy/store/store.hpp"

namespace oneproxy {

/// Where a Store keeps its rows. All functions throw InputError naming the place.
class StoreBackend {
 public:
  virtual ~StoreBackend() = default;
  /// The place, for messages: a file, or a URL without its password.
  virtual const std::string& place() const = 0;
  virtual std::int64_t begin_run(const RunSettings& settings, const std::string& started) = 0;
  virtual void claim(std::int64_t run) = 0;
  /// The one that began last first.
  virtual std::vector<StoredRun> runs() = 0;
  /// In place of an earlier one with the same run, role and architecture; durable when it returns.
  virtual void put(std::int64_t run, std::string_view role, std::string_view architecture, const Measurement& m) = 0;
  /// In the order in which they were put; a role of "" means all. Values are as they stand there, not yet checked.
  virtual std::vector<StoredMeasurement> measurements(std::int64_t run, std::string_view role) = 0;
  /// Everything that can be read, and one line for each fault of the place itself.
  virtual Salvage salvage() = 0;
};

std::unique_ptr<StoreBackend> open_sqlite(const std::filesystem::path& file);
/// @throws InputError also where this build has no PostgreSQL.
std::unique_ptr<StoreBackend> open_postgres(const std::string& url);

/// The text columns of a run, and back. @throws InputError, starting with `where`, where they are not the JSON
/// expected.
std::string protocol_text(const RunSettings& settings);
std::string machine_text(const RunSettings& settings);
void read_run_texts(const std::string& where, const std::string& protocol, const std::string& machine,
                    RunSettings& settings);
/// Sets what the text column `conditions` holds. @throws InputError.
void read_conditions_text(const std::string& where, const std::string& text, Measurement& m);
/// The runs' bytes, little-endian. @throws InputError where there are not 4 for each of `m.runs`.
void read_raw(const std::string& where, std::string_view bytes, Measurement& m);
std::string_view raw_bytes(const Measurement& m);

}  // namespace oneproxy
