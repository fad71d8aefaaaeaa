#include "oneproxy/store/store.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

namespace fs = std::filesystem;

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { fs::create_directories(folder_); }
  ~StoreTest() override { fs::remove_all(folder_); }

  Measurement random_measurement(Rng& rng) const {
    Measurement m;
    m.architecture = space_->sample(rng);
    m.raw_ms.resize(1 + rng.below(200));
    for (float& ms : m.raw_ms) ms = static_cast<float>(0.1 + rng.uniform());
    summarise(m);
    m.stopped_by = rng.below(2) == 0 ? "confidence" : "budget";
    m.when = utc_now();
    m.core = static_cast<int>(rng.below(8)) - 1;
    return m;
  }

  static RunSettings settings() {
    RunSettings settings;
    settings.command = "run";
    settings.seed = 0xfedcba9876543210U;
    settings.space = "a space";
    settings.device = "a device";
    settings.protocol.budget_ms = 123.25;
    settings.facts = {"a cpu", 3, 7.5, "an os", "avx2", "performance", "an engine 1.2"};
    return settings;
  }

  /// What opening says; "" where it opens.
  std::string error() const {
    try {
      Store store(file_);
    } catch (const InputError& failure) {
      return failure.what();
    }
    return "";
  }

  /// Changes the file behind the store's back.
  void execute(const std::string& sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_close(database);
  }

  fs::path folder_ = fs::temp_directory_path() / ("oneproxy_store_" + std::to_string(::getpid()));
  fs::path file_ = folder_ / "measurements.db";
  SpacePtr space_ = make_space("mobilenet_v2(resolution=28, width=0.5, channels=1, classes=10)");
};

void expect_same(const Measurement& a, const Measurement& b) {
  EXPECT_EQ(a.architecture, b.architecture);
  EXPECT_EQ(a.mean_ms, b.mean_ms);
  EXPECT_EQ(a.median_ms, b.median_ms);
  EXPECT_EQ(a.p90_ms, b.p90_ms);
  EXPECT_EQ(a.stddev_ms, b.stddev_ms);
  EXPECT_EQ(a.runs, b.runs);
  EXPECT_EQ(a.stopped_by, b.stopped_by);
  EXPECT_EQ(a.when, b.when);
  EXPECT_EQ(a.core, b.core);
  EXPECT_EQ(a.raw_ms, b.raw_ms);
}

TEST_F(StoreTest, RemembersTheLastRunAndSaysWhatDiffers) {
  {
    Store store(file_);
    EXPECT_FALSE(store.last_run().has_value());
    RunSettings other = settings();
    other.seed = 1;
    store.begin_run(other);
    store.begin_run(settings());
  }
  const auto run = Store(file_).last_run();
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(difference(run->settings, settings()), "");
  EXPECT_EQ(run->settings.facts.cores, 3);
  EXPECT_EQ(run->settings.facts.governor, "performance");
  EXPECT_FALSE(run->started.empty());

  const auto expect_difference = [&](const char* text, auto change) {
    RunSettings wanted = settings();
    change(wanted);
    EXPECT_NE(difference(run->settings, wanted).find(text), std::string::npos) << difference(run->settings, wanted);
  };
  expect_difference("seed: '18364758544493064720' in the stored run, '2'", [](RunSettings& s) { s.seed = 2; });
  expect_difference("device: 'a device'", [](RunSettings& s) { s.device = "b"; });
  expect_difference("space: ", [](RunSettings& s) { s.space = "b"; });
  expect_difference("command: ", [](RunSettings& s) { s.command = "b"; });
  expect_difference("protocol: ", [](RunSettings& s) { s.protocol.min_runs += 1; });
  expect_difference("processor: ", [](RunSettings& s) { s.facts.cpu = "b"; });
  expect_difference("engine: ", [](RunSettings& s) { s.facts.engine = "b"; });
  RunSettings same = settings();
  same.facts.memory_gb = 1;
  same.protocol.hang_timeout_s = 1;
  EXPECT_EQ(difference(run->settings, same), "");
}

TEST_F(StoreTest, AFullDiskIsNamedAndWhatWasStoredStays) {
  std::int64_t run = 0;
  Rng rng(1);
  const Measurement kept = random_measurement(rng);
  {
    Store store(file_);
    run = store.begin_run(settings());
    store.put(run, "sample", *space_, kept);
  }
  const fs::path report = folder_ / "report.txt";
  const pid_t writer = fork();
  if (writer == 0) {
    signal(SIGXFSZ, SIG_IGN);
    Store store(file_);
    const rlimit limit{60'000, 60'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      for (int i = 0; i < 10'000; ++i) store.put(run, "front", *space_, random_measurement(rng));
    } catch (const InputError& error) {
      std::ofstream(report) << error.what();
    }
    _exit(0);
  }
  waitpid(writer, nullptr, 0);
  EXPECT_EQ(
      read_file(report),
      file_.string() + ": cannot be written: the disk is full, over quota or broken; what was stored before stays");
  const Store store(file_);
  const auto samples = store.measurements(run, "sample", *space_);
  ASSERT_EQ(samples.size(), 1U);
  expect_same(samples[0], kept);
  EXPECT_FALSE(store.measurements(run, "front", *space_).empty());
}

TEST_F(StoreTest, ForeignFilesAreRefusedAndLeftAlone) {
  for (const std::string& content : {std::string("architecture,ms\nabc,1\n"), std::string(5000, '\0'),
                                     std::string("SQLite format 3\0then something else entirely", 44)}) {
    std::ofstream(file_, std::ios::binary) << content;
    EXPECT_EQ(error(), file_.string() + ": is not a store of measurements");
    EXPECT_EQ(read_file(file_), content);
  }
  fs::remove(file_);
  execute("CREATE TABLE other(a); INSERT INTO other VALUES(1);");
  const std::string before = read_file(file_);
  EXPECT_EQ(error(), file_.string() + ": is not a store of measurements");
  EXPECT_EQ(read_file(file_), before);
}

TEST_F(StoreTest, NewerVersionsAreRefused) {
  { const Store store(file_); }
  execute("PRAGMA user_version = 7");
  EXPECT_EQ(error(), file_.string() + ": has schema version 7; this program reads up to 2: use a newer one");
}

// The file as version 1 of the format was written, with one run and one measurement.
TEST_F(StoreTest, ReadsVersionOneAndGoesOnInIt) {
  execute(R"(
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
INSERT INTO run VALUES(1, 'run', 7, 'a space', 'a device', '{"min_runs":30}', '{"cpu":"a cpu"}', '2025-01-01T00:00:00Z');
INSERT INTO measurement VALUES(1, 1, 'sample', '5x3.3x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4.5x3-3x4', 1.5, 1.5, 1.5, 0, 1,
  'budget', '2025-01-01T00:00:01Z', 0, x'0000c03f');
)");
  Rng rng(1);
  const Measurement later = random_measurement(rng);
  {
    Store store(file_);
    EXPECT_EQ(store.last_run()->settings.protocol.min_runs, 30);
    store.put(1, "sample", *space_, later);
  }
  const auto found = Store(file_).measurements(1, "sample", *space_);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].raw_ms, std::vector<float>{1.5F});
  EXPECT_EQ(found[0].drift, 1);
  expect_same(found[1], later);
}

TEST_F(StoreTest, ADamagedPageHidesItsOwnRowsAloneAndIsNamed) {
  Rng rng(2);
  std::vector<Measurement> put;
  {
    Store store(file_);
    const auto run = store.begin_run(settings());
    for (int i = 0; i < 200; ++i) {
      put.push_back(random_measurement(rng));
      store.put(run, "sample", *space_, put.back());
    }
  }
  const std::string whole = read_file(file_);
  constexpr std::size_t page_bytes = 4096;
  int named = 0;
  for (std::size_t page = 2; page * page_bytes < whole.size(); page += 3) {
    SCOPED_TRACE("page " + std::to_string(page + 1));
    std::string bytes = whole;
    for (std::size_t i = 0; i < page_bytes; ++i) bytes[page * page_bytes + i] = static_cast<char>(0xa5);
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes;
    const Salvage salvage = Store(file_).salvage();
    named += salvage.faults.empty() ? 0 : 1;
    for (const auto& fault : salvage.faults) {
      EXPECT_EQ(fault.find(file_.string()), 0U) << fault;
      EXPECT_EQ(fault.find('\n'), std::string::npos);
    }
    for (const auto& row : salvage.measurements) {
      EXPECT_EQ(row.measurement.raw_ms, put[static_cast<std::size_t>(row.id - 1)].raw_ms);
    }
    // A page of the table holds a few rows; one of the index or an overflow page fewer still. Only pages high up in the
    // tree hold more, and there is one of them.
    if (salvage.measurements.size() < 150) {
      EXPECT_LT(page, 8U) << salvage.measurements.size();
    }
  }
  EXPECT_GT(named, 10);
}

TEST_F(StoreTest, PlacesThatCannotBeOpenedAreNamed) {
  file_ = "/proc/no/such/folder/measurements.db";
  EXPECT_NE(error().find("/proc/no/such/folder/measurements.db: cannot be opened"), std::string::npos) << error();
  file_ = folder_;
  EXPECT_EQ(error(), folder_.string() + ": is a folder; expected a file");
}

TEST_F(StoreTest, DamagedFilesAreRefusedNeverRead) {
  Rng rng(2);
  std::int64_t run = 0;
  {
    Store store(file_);
    run = store.begin_run(settings());
    for (int i = 0; i < 60; ++i) store.put(run, "sample", *space_, random_measurement(rng));
  }
  const std::string whole = read_file(file_);
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng damage(seed);
    std::string bytes = whole;
    if (seed % 3 == 0) {
      bytes.resize(damage.below(bytes.size()));
    } else {
      const std::size_t begin = damage.below(seed % 3 == 1 ? 100 : bytes.size());
      for (std::size_t i = begin; i < std::min(begin + 300, bytes.size()); ++i) {
        bytes[i] = static_cast<char>(damage.below(256));
      }
    }
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes;
    try {
      const Store store(file_);
      store.last_run();
      for (const auto& m : store.measurements(run, "sample", *space_)) EXPECT_GT(m.median_ms, 0);
    } catch (const InputError& failure) {
      ++refused;
      EXPECT_EQ(std::string(failure.what()).find(file_.string()), 0U) << failure.what();
      EXPECT_EQ(std::string(failure.what()).find('\n'), std::string::npos);
    }
    fs::remove(file_.string() + "-wal");
  }
  EXPECT_GT(refused, 75);
}

TEST_F(StoreTest, ADamagedRunIsAFaultAndHidesNoMeasurement) {
  Rng rng(1);
  {
    Store store(file_);
    const auto run = store.begin_run(settings());
    for (int i = 0; i < 5; ++i) store.put(run, "sample", *space_, random_measurement(rng));
  }
  execute("UPDATE run SET protocol = 'x'");
  const Salvage salvage = Store(file_).salvage();
  EXPECT_EQ(salvage.measurements.size(), 5U);
  EXPECT_EQ(salvage.faults.size(), 1U);
}

TEST_F(StoreTest, ValuesThatCannotBeAreRefusedWithTheirRow) {
  Rng rng(2);
  std::int64_t run = 0;
  {
    Store store(file_);
    run = store.begin_run(settings());
    store.put(run, "sample", *space_, random_measurement(rng));
  }
  const auto message = [&]() -> std::string {
    try {
      Store(file_).measurements(run, "sample", *space_);
    } catch (const InputError& failure) {
      return failure.what();
    }
    return "";
  };
  EXPECT_EQ(message(), "");
  execute("UPDATE measurement SET median_ms = -1");
  EXPECT_NE(message().find("measurement 1: mean_ms or median_ms is not a latency"), std::string::npos) << message();
  execute("UPDATE measurement SET median_ms = 1, raw_ms = x'0102'");
  EXPECT_NE(message().find("measurement 1: raw_ms has 2 bytes"), std::string::npos) << message();
  execute("UPDATE measurement SET architecture = 'nonsense'");
  EXPECT_NE(message().find("measurement 1: "), std::string::npos) << message();
  execute("UPDATE run SET machine = '{\"cores\": \"many\"}'");
  EXPECT_THROW(Store(file_).last_run(), InputError);
}

}  // namespace
}  // namespace oneproxy
