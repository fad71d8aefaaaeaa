#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "duckdb.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/report/store_export.hpp"

namespace oneproxy {
namespace {

namespace fs = std::filesystem;

// The fields of store_jsonl(): what is not named here would not be in the file.
constexpr const char* columns = R"({
  run: 'BIGINT', space: 'VARCHAR', device: 'VARCHAR', role: 'VARCHAR', architecture: 'VARCHAR', mean_ms: 'DOUBLE',
  median_ms: 'DOUBLE', p90_ms: 'DOUBLE', stddev_ms: 'DOUBLE', runs: 'BIGINT', stopped_by: 'VARCHAR', "when": 'VARCHAR',
  core: 'INTEGER', conditions: 'STRUCT(cold_ms DOUBLE, disturbed_runs BIGINT, reference_ms DOUBLE, drift DOUBLE,
  "before" STRUCT("load" DOUBLE, mhz DOUBLE, celsius DOUBLE), "after" STRUCT("load" DOUBLE, mhz DOUBLE, celsius DOUBLE),
  outliers UINTEGER[])', raw_ms: 'FLOAT[]'})";

/// A folder of its own, removed at the end.
class WorkFolder {
 public:
  WorkFolder() {
    std::string pattern = (fs::temp_directory_path() / "oneproxy-parquet-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw InputError(pattern, "no folder can be made for temporary files");
    path_ = pattern;
  }
  ~WorkFolder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

}  // namespace

std::string store_parquet(std::span<const StoredRun> runs, std::span<const StoredMeasurement> measurements) {
  DuckDb duckdb;  // first: without it there is nothing to prepare
  const WorkFolder folder;
  const fs::path lines = folder / "measurements.jsonl";
  const fs::path parquet = folder / "measurements.parquet";
  const std::string text = store_jsonl(runs, measurements);
  write_file(lines, text);
  // A measurement of many runs is one long line, and DuckDB refuses those over 16 MB unless it is told.
  std::size_t longest_bytes = std::size_t{16} << 20;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    longest_bytes = std::max(longest_bytes, end - begin + 1);
    begin = end + 1;
  }
  duckdb.execute("COPY (SELECT * FROM read_json(" + sql_quoted(lines.string()) +
                 ", format = 'newline_delimited', maximum_object_size = " + std::to_string(longest_bytes) +
                 ", columns = " + std::string(columns) + ")) TO " + sql_quoted(parquet.string()) +
                 " (FORMAT parquet, COMPRESSION zstd)");
  return read_file(parquet);
}

}  // namespace oneproxy
