#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "measure/temporary_folder.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/rng.hpp"
#include "oneproxy/report/store_export.hpp"
#include "report/duckdb.hpp"

namespace oneproxy {
namespace {

class StoreParquet : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!duckdb_info().available) GTEST_SKIP() << duckdb_info().detail;
  }

  static StoredRun stored_run() {
    StoredRun run;
    run.id = 3;
    run.settings.space = "mobilenet_v2(resolution=28, width=1)";
    run.settings.device = "command(run=\"it's \\\"quoted\\\"\", read=tflite)";
    return run;
  }

  static StoredMeasurement random_row(Rng& rng, std::int64_t id) {
    StoredMeasurement row;
    row.id = id;
    row.run = id % 7 == 0 ? 4 : 3;  // run 4 is not known: no space and no device
    row.role = id % 2 == 0 ? "sample" : "repeat";
    row.architecture = "5x3.3x3-" + std::to_string(id);
    Measurement& m = row.measurement;
    m.raw_ms.resize(1 + rng.below(100));
    for (float& ms : m.raw_ms) ms = static_cast<float>(0.1 + rng.uniform());
    m.drift = 1 + 0.1 * rng.uniform();
    m.cold_ms = rng.uniform();
    m.disturbed_runs = static_cast<std::int64_t>(rng.below(5));
    m.reference_ms = rng.uniform();
    m.before = {rng.uniform(), 2500, 61.5};
    m.after = {-1, 0, 0};
    summarise(m);
    m.stopped_by = "budget";
    m.when = "2026-01-02T03:04:05Z";
    m.core = static_cast<int>(rng.below(3)) - 1;
    return row;
  }

  /// Every row of a Parquet file, as DuckDB reads it.
  std::vector<nlohmann::json> rows_of(const std::string& parquet) const {
    write_file(folder_ / "rows.parquet", parquet);
    DuckDb().execute("COPY (SELECT * FROM read_parquet(" + sql_quoted(folder_ / "rows.parquet") + ")) TO " +
                     sql_quoted(folder_ / "rows.jsonl") + " (FORMAT json)");
    return objects(read_file(folder_ / "rows.jsonl"));
  }

  /// Objects, one a line. DuckDB writes null where the row has no value.
  static std::vector<nlohmann::json> objects(const std::string& text) {
    std::vector<nlohmann::json> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      auto& json = found.emplace_back(nlohmann::json::parse(line));
      json["raw_ms"] = json.at("raw_ms").get<std::vector<float>>();  // either writer's shortest text of a float
      if (json.contains("space") && json["space"].is_null()) json.erase("space");
      if (json.contains("device") && json["device"].is_null()) json.erase("device");
    }
    return found;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(StoreParquet, ComesBackAsItWasWritten) {
  const std::vector<StoredRun> runs{stored_run()};
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    std::vector<StoredMeasurement> rows;
    for (std::int64_t id = 1; id <= 60; ++id) rows.push_back(random_row(rng, id));
    const auto back = rows_of(store_parquet(runs, rows));
    const auto expected = objects(store_jsonl(runs, rows));
    ASSERT_EQ(back.size(), expected.size());
    for (std::size_t i = 0; i < back.size(); ++i) EXPECT_EQ(back[i], expected[i]);
  }
}

TEST_F(StoreParquet, SlowAMeasurementOfAMillionRunsIsOneRow) {
  Rng rng(1);
  std::vector<StoredMeasurement> rows{random_row(rng, 1), random_row(rng, 2)};
  Measurement& m = rows[1].measurement;
  m.raw_ms.resize(1'000'000);  // over 16 MB as text
  for (float& ms : m.raw_ms) ms = static_cast<float>(rng.uniform());
  const auto back = rows_of(store_parquet({}, rows));
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[1]["raw_ms"].get<std::vector<float>>(), m.raw_ms);
}

TEST_F(StoreParquet, AnEmptyStoreHasTheColumnsAndNoRow) {
  EXPECT_TRUE(rows_of(store_parquet({}, {})).empty());
  EXPECT_NO_THROW(DuckDb().execute("SELECT raw_ms, conditions.drift, \"when\" FROM read_parquet(" +
                                   sql_quoted(folder_ / "rows.parquet") + ")"));
}

TEST_F(StoreParquet, FaultsOfDuckDbAreOneLine) {
  try {
    DuckDb().execute("SELECT *\nFROM read_parquet('/no/such/file')");
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.find("DuckDB: "), 0U) << text;
    EXPECT_NE(text.find("/no/such/file"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace oneproxy
