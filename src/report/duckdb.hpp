#pragma once

#include <memory>
#include <string>

namespace oneproxy {

/// Whether DuckDB's shared library can be used by this program, and which.
struct DuckDbInfo {
  bool available = false;
  std::string version;  ///< e.g. "v1.5.6"; "" where absent
  std::string detail;   ///< the library's file; or, in one line, what is missing and how to get it
};

/// Loads the library when first called: from .deps/duckdb above the folder of this program (scripts/bootstrap
/// --parquet), or where the system finds libduckdb.so. Safe from any thread.
const DuckDbInfo& duckdb_info();

/// A database of DuckDB in memory. It loads and installs no extensions. Not safe to share between threads.
class DuckDb {
 public:
  /// @throws InputError where the library is absent.
  DuckDb();
  ~DuckDb();
  DuckDb(const DuckDb&) = delete;
  DuckDb& operator=(const DuckDb&) = delete;

  /// Runs statements of SQL. @throws InputError with DuckDB's words, in one line.
  void execute(const std::string& sql);

 private:
  void* database_ = nullptr;
  void* connection_ = nullptr;
};

/// `text` as a literal of SQL.
std::string sql_quoted(const std::string& text);

}  // namespace oneproxy
