#include "duckdb.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/shared_library.hpp"

namespace oneproxy {
namespace {

namespace fs = std::filesystem;

/// duckdb_result of its C interface: six words, of which only functions read the last.
struct DuckDbResult {
  std::uint64_t deprecated[5];
  void* internal;
};

/// What is used of the C interface. Functions return 0 where they succeed.
struct Library {
  const char* (*version)() = nullptr;
  int (*open)(const char* file, void** database) = nullptr;
  int (*connect)(void* database, void** connection) = nullptr;
  int (*query)(void* connection, const char* sql, DuckDbResult* result) = nullptr;
  const char* (*error)(DuckDbResult* result) = nullptr;
  void (*free_result)(DuckDbResult* result) = nullptr;
  void (*disconnect)(void** connection) = nullptr;
  void (*close)(void** database) = nullptr;
  DuckDbInfo info;
};

std::vector<std::string> candidates() {
  std::vector<std::string> files;
#ifdef __aarch64__
  constexpr const char* package = "node_modules/@duckdb/node-bindings-linux-arm64";
#else
  constexpr const char* package = "node_modules/@duckdb/node-bindings-linux-x64";
#endif
  std::error_code error;
  for (fs::path at = fs::read_symlink("/proc/self/exe", error).parent_path(); at.has_relative_path();
       at = at.parent_path()) {
    files.push_back(at / ".deps/duckdb" / package / "libduckdb.so");
  }
  files.emplace_back("libduckdb.so");
  return files;
}

template <class Function>
bool find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

Library load_library() {
  Library library;
  const SharedLibrary found = load_shared_library(candidates(), [&](void* handle) {
    const bool complete =
        find(handle, "duckdb_library_version", library.version) && find(handle, "duckdb_open", library.open) &&
        find(handle, "duckdb_connect", library.connect) && find(handle, "duckdb_query", library.query) &&
        find(handle, "duckdb_result_error", library.error) &&
        find(handle, "duckdb_destroy_result", library.free_result) &&
        find(handle, "duckdb_disconnect", library.disconnect) && find(handle, "duckdb_close", library.close);
    return std::string(complete ? "" : "lacks functions of DuckDB's C interface");
  });
  if (found.file.empty()) {
    library.info.detail = "libduckdb.so " + found.problem + "; scripts/bootstrap --parquet installs it from npm";
  } else {
    library.info = {true, library.version(), found.file};
  }
  return library;
}

const Library& library() {
  static const Library loaded = load_library();
  return loaded;
}

}  // namespace

const DuckDbInfo& duckdb_info() { return library().info; }

DuckDb::DuckDb() {
  if (!duckdb_info().available) throw InputError("Parquet", duckdb_info().detail);
  if (library().open(nullptr, &database_) != 0 || library().connect(database_, &connection_) != 0) {
    library().close(&database_);
    throw InputError("DuckDB", "no database could be opened in memory");
  }
  try {
    execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false");
  } catch (...) {
    library().disconnect(&connection_);
    library().close(&database_);
    throw;
  }
}

DuckDb::~DuckDb() {
  library().disconnect(&connection_);
  library().close(&database_);
}

void DuckDb::execute(const std::string& sql) {
  DuckDbResult result{};
  std::string message;
  if (library().query(connection_, sql.c_str(), &result) != 0) {
    const char* const text = library().error(&result);
    message = text == nullptr ? "no reason is given" : text;
    std::ranges::replace(message, '\n', ' ');
  }
  library().free_result(&result);
  if (!message.empty()) throw InputError("DuckDB", message);
}

std::string sql_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + '\'';
}

}  // namespace oneproxy
