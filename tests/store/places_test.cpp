// What holds for a store wherever it is: in an SQLite file and on a PostgreSQL server that the tests start.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/store/store.hpp"

namespace oneproxy {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// A server of its own, with its data in a folder of its own; one for all tests.
class PostgresServer {
 public:
  static PostgresServer& get() {
    static PostgresServer server;
    return server;
  }

  /// Why there is none; "" where it runs.
  const std::string& absent() const { return absent_; }
  std::string url() const { return "postgresql://postgres@/postgres?host=" + folder_.string() + "&port=54329"; }

  bool start() {
    return as_postgres(control("start -w -o \"-k " + folder_.string() + " -p 54329 -c listen_addresses=\""));
  }
  /// As if the machine had lost power.
  bool crash() { return as_postgres(control("stop -m immediate")); }
  bool sql(const std::string& statement) {
    return as_postgres(programs_ + "/psql -q -h " + folder_.string() + " -p 54329 -c \"" + statement + "\" postgres");
  }

 private:
  PostgresServer() {
    std::error_code error;
    for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", error)) {
      programs_ = (version.path() / "bin").string();
    }
    if (programs_.empty() || !fs::exists(programs_ + "/initdb")) {
      absent_ = "no PostgreSQL server is installed (Debian: postgresql)";
      return;
    }
    try {
      Store("postgresql://x");
    } catch (const InputError& what) {
      if (std::string(what.what()).find("has no PostgreSQL") != std::string::npos) absent_ = what.what();
    }
    if (!absent_.empty()) return;
    std::string pattern = (fs::temp_directory_path() / "oneproxy-pg-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    if (geteuid() == 0 && std::system(("chown postgres " + folder_.string()).c_str()) != 0)
      absent_ = "no user postgres";
    if (absent_.empty() &&
        !as_postgres(programs_ + "/initdb -N -A trust -U postgres -D " + folder_.string() + "/data")) {
      absent_ = "initdb failed";
    }
    if (absent_.empty() && !start()) absent_ = "the server does not start";
  }
  ~PostgresServer() {
    if (folder_.empty()) return;
    if (absent_.empty()) crash();
    fs::remove_all(folder_);
  }

  std::string control(const std::string& what) const {
    return programs_ + "/pg_ctl -D " + folder_.string() + "/data -l " + folder_.string() + "/log " + what;
  }
  /// The server refuses to run as root.
  bool as_postgres(const std::string& command) const {
    const std::string user = geteuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --clear-groups " : "";
    return std::system(("cd / && " + user + command + " > /dev/null 2>&1").c_str()) == 0;
  }

  std::string programs_;
  fs::path folder_;
  std::string absent_;
};

RunSettings settings() {
  RunSettings settings;
  settings.command = "run";
  settings.seed = 0xfedcba9876543210U;
  settings.space = "a space, with 'quotes' and \\";
  settings.device = "command(run=\"x\")";
  settings.protocol.budget_ms = 123.25;
  settings.facts = {"a cpu", 3, 7.5, "an os", "avx2", "performance", "an engine 1.2"};
  return settings;
}

class Places : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    if (std::string(GetParam()) != "postgres") {
      place_ = (folder_ / "measurements.db").string();
      return;
    }
    if (const auto& absent = PostgresServer::get().absent(); !absent.empty()) GTEST_SKIP() << absent;
    PostgresServer::get().sql("DROP TABLE IF EXISTS oneproxy_measurement, oneproxy_run, oneproxy_store");
    place_ = PostgresServer::get().url();
  }
  void TearDown() override { fs::remove_all(folder_); }

  bool on_server() const { return is_server(place_); }

  Measurement random_measurement(Rng& rng) const {
    Measurement m;
    m.architecture = space_->sample(rng);
    m.raw_ms.resize(1 + rng.below(200));
    for (float& ms : m.raw_ms) ms = static_cast<float>(0.1 + rng.uniform());
    m.drift = 1 + 0.1 * rng.uniform();
    m.cold_ms = rng.uniform();
    m.disturbed_runs = static_cast<std::int64_t>(rng.below(5));
    m.reference_ms = rng.uniform();
    m.before = {rng.uniform(), 2500, 61.5};
    m.after = {rng.uniform(), 2400, 62};
    summarise(m);
    m.stopped_by = "budget";
    m.when = utc_now();
    m.core = static_cast<int>(rng.below(8)) - 1;
    return m;
  }

  fs::path folder_ = fs::temp_directory_path() / ("oneproxy_places_" + std::to_string(::getpid()));
  std::string place_;
  SpacePtr space_ = make_space("mobilenet_v2(resolution=28, width=0.5, channels=1, classes=10)");
};

void expect_same(const Measurement& a, const Measurement& b) {
  EXPECT_EQ(a.architecture, b.architecture);
  EXPECT_EQ(a.mean_ms, b.mean_ms);
  EXPECT_EQ(a.median_ms, b.median_ms);
  EXPECT_EQ(a.p90_ms, b.p90_ms);
  EXPECT_EQ(a.stddev_ms, b.stddev_ms);
  EXPECT_EQ(a.runs, b.runs);
  EXPECT_EQ(a.core, b.core);
  EXPECT_EQ(a.stopped_by, b.stopped_by);
  EXPECT_EQ(a.when, b.when);
  EXPECT_EQ(a.raw_ms, b.raw_ms);
  EXPECT_EQ(a.drift, b.drift);
  EXPECT_EQ(a.cold_ms, b.cold_ms);
  EXPECT_EQ(a.disturbed_runs, b.disturbed_runs);
  EXPECT_EQ(a.reference_ms, b.reference_ms);
  EXPECT_EQ(a.before, b.before);
  EXPECT_EQ(a.after, b.after);
  EXPECT_EQ(a.outliers, b.outliers);
}

TEST_P(Places, GiveBackWhatWasPutInOrderTheLaterInPlaceOfTheEarlier) {
  Rng rng(1);
  std::vector<Measurement> put;
  std::int64_t run = 0;
  {
    Store store(place_);
    EXPECT_FALSE(store.last_run().has_value());
    run = store.begin_run(settings());
    for (int i = 0; i < 20; ++i) {
      put.push_back(random_measurement(rng));
      store.put(run, i % 2 == 0 ? "sample" : "front", *space_, put.back());
    }
    Measurement again = random_measurement(rng);
    again.architecture = put[0].architecture;
    store.put(run, "sample", *space_, again);
    put.push_back(again);
  }
  const Store store(place_);
  const auto samples = store.measurements(run, "sample", *space_);
  ASSERT_EQ(samples.size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) expect_same(samples[i], put[2 * i + 2]);
  EXPECT_EQ(store.rows(run).size(), 20U);
  const auto stored = store.last_run();
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(difference(stored->settings, settings()), "");
  EXPECT_EQ(stored->settings.seed, settings().seed);
}

TEST_P(Places, SeveralWritersAtOnceLoseAndDoubleNothing) {
  constexpr int writers = 4;
  constexpr int each = 40;
  std::vector<pid_t> children;
  for (int w = 0; w < writers; ++w) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    try {
      Rng rng(static_cast<std::uint64_t>(w));
      Store store(place_);  // the first ones make it at the same time
      RunSettings own = settings();
      own.command = "writer " + std::to_string(w);
      const auto run = store.begin_run(own);
      for (int i = 0; i < each; ++i) store.put(run, "sample", *space_, random_measurement(rng));
      _exit(0);
    } catch (const std::exception& error) {
      fprintf(stderr, "%s\n", error.what());
      _exit(1);
    }
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const Store store(place_);
  ASSERT_EQ(store.runs().size(), static_cast<std::size_t>(writers));
  for (const auto& run : store.runs()) {
    Rng rng(static_cast<std::uint64_t>(run.settings.command.back() - '0'));
    const auto found = store.measurements(run.id, "sample", *space_);
    ASSERT_EQ(found.size(), static_cast<std::size_t>(each)) << run.settings.command;
    for (const auto& m : found) EXPECT_EQ(m.raw_ms, random_measurement(rng).raw_ms);
  }
}

TEST_P(Places, ARunIsOneProcesssUntilThatEnds) {
  std::int64_t run = 0;
  {
    Store first(place_);
    run = first.begin_run(settings());
    first.claim(run);
    Store second(place_);
    try {
      second.claim(run);
      ADD_FAILURE() << "no error";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("run " + std::to_string(run) + " is in use by another process"),
                std::string::npos)
          << error.what();
    }
    second.begin_run(settings());  // another run is free
  }
  Store later(place_);
  later.claim(run);
}

TEST_P(Places, SlowNothingReportedIsLostByKills) {
  Rng moments(5);
  std::size_t acknowledged_total = 0;
  Store(place_).begin_run(settings());
  const int kills = on_server() ? 60 : 200;
  for (int trial = 0; trial < kills; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t writer = fork();
    if (writer == 0) {
      close(ends[0]);
      Rng rng(static_cast<std::uint64_t>(trial));
      Store store(place_);
      const auto run = store.begin_run(settings());
      for (;;) {
        store.put(run, "sample", *space_, random_measurement(rng));
        if (write(ends[1], "x", 1) != 1) _exit(1);
      }
    }
    close(ends[1]);
    std::size_t acknowledged = 0;
    const std::size_t wanted = moments.below(6);
    char byte = 0;
    while (acknowledged < wanted && read(ends[0], &byte, 1) == 1) ++acknowledged;
    usleep(static_cast<useconds_t>(moments.below(3000)));
    kill(writer, SIGKILL);
    waitpid(writer, nullptr, 0);
    while (read(ends[0], &byte, 1) == 1) ++acknowledged;
    close(ends[0]);
    acknowledged_total += acknowledged;
    const Store store(place_);
    if (acknowledged == 0) continue;
    const auto found = store.measurements(store.last_run()->id, "sample", *space_);
    EXPECT_GE(found.size(), acknowledged);
    EXPECT_LE(found.size(), acknowledged + 1);
    Rng rng(static_cast<std::uint64_t>(trial));
    for (const auto& m : found) EXPECT_EQ(m.raw_ms, random_measurement(rng).raw_ms);
  }
  EXPECT_GT(acknowledged_total, static_cast<std::size_t>(kills));
}

TEST_P(Places, TakeFromOneAnotherWhatTheyLack) {
  Rng rng(3);
  const auto other = (folder_ / "other.db").string();
  std::vector<Measurement> put;
  for (int i = 0; i < 6; ++i) put.push_back(random_measurement(rng));
  {
    Store store(other);
    const auto run = store.begin_run(settings());
    for (const auto& m : put) store.put(run, "sample", *space_, m);
  }
  Store store(place_);
  EXPECT_EQ(store.merge(Store(other)), 6U);
  EXPECT_EQ(store.merge(Store(other)), 0U);  // nothing is doubled
  ASSERT_EQ(store.runs().size(), 1U);
  EXPECT_EQ(store.last_run()->started, Store(other).last_run()->started);
  const auto found = store.measurements(store.last_run()->id, "sample", *space_);
  ASSERT_EQ(found.size(), put.size());
  for (std::size_t i = 0; i < put.size(); ++i) expect_same(found[i], put[i]);
  {
    Store more(other);
    more.put(more.last_run()->id, "front", *space_, put[0]);
    Measurement later = put[1];
    later.when = "9999-01-01T00:00:00Z";
    more.put(more.last_run()->id, "sample", *space_, later);
  }
  EXPECT_EQ(store.merge(Store(other)), 2U);
  EXPECT_EQ(store.rows(store.last_run()->id).size(), 7U);
  EXPECT_TRUE(store.salvage().faults.empty());
  EXPECT_EQ(store.salvage().measurements.size(), 7U);
}

// Runs with the same settings that began in the same second are still runs of their own.
TEST_P(Places, TakeRunsThatLookAlikeOnceEach) {
  Rng rng(4);
  const auto other = (folder_ / "alike.db").string();
  std::size_t put = 0;
  {
    Store store(other);
    for (const std::size_t count : {3U, 0U, 4U}) {
      const auto run = store.begin_run(settings());
      for (std::size_t i = 0; i < count; ++i, ++put) store.put(run, "sample", *space_, random_measurement(rng));
    }
  }
  Store store(place_);
  EXPECT_EQ(store.merge(Store(other)), put);
  EXPECT_EQ(store.merge(Store(other)), 0U);
  ASSERT_EQ(store.runs().size(), 3U);
  std::vector<std::size_t> counts;
  for (const auto& run : store.runs()) counts.push_back(store.rows(run.id).size());
  EXPECT_EQ(counts, (std::vector<std::size_t>{4, 0, 3}));
}

INSTANTIATE_TEST_SUITE_P(Sqlite, Places, ::testing::Values("sqlite"));
INSTANTIATE_TEST_SUITE_P(SlowPostgres, Places, ::testing::Values("postgres"));

class SlowPostgres : public Places {};

TEST_P(SlowPostgres, AServerThatIsGoneInTheMiddleIsWaitedFor) {
  Store store(place_);
  const auto run = store.begin_run(settings());
  Rng rng(1);
  std::vector<Measurement> put;
  for (int i = 0; i < 30; ++i) {
    std::jthread restart;
    if (i % 10 == 5) {
      ASSERT_TRUE(PostgresServer::get().crash());
      restart = std::jthread([] {
        std::this_thread::sleep_for(500ms);
        PostgresServer::get().start();
      });
    }
    put.push_back(random_measurement(rng));
    store.put(run, "sample", *space_, put.back());
  }
  const auto found = Store(place_).measurements(run, "sample", *space_);
  ASSERT_EQ(found.size(), put.size());
  for (std::size_t i = 0; i < put.size(); ++i) expect_same(found[i], put[i]);
  Store other(place_);
  EXPECT_THROW(other.claim(run), InputError);  // it holds its run still
}

TEST_P(SlowPostgres, ANewerVersionIsRefused) {
  { const Store store(place_); }
  ASSERT_TRUE(PostgresServer::get().sql("UPDATE oneproxy_store SET version = 7"));
  try {
    Store again(place_);
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("has schema version 7; this program reads up to 2"), std::string::npos);
  }
}

TEST_P(SlowPostgres, ErrorsAreOneLineWithoutThePassword) {
  try {
    Store store("postgresql://somebody:secret@127.0.0.1:9/none");
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("postgresql://somebody:***@127.0.0.1:9/none: PostgreSQL: "), std::string::npos) << text;
    EXPECT_EQ(text.find("secret"), std::string::npos);
    EXPECT_EQ(text.find('\n'), std::string::npos);
  }
  try {
    Store store("postgresql://127.0.0.1:9/none?user=somebody&password=secret&connect_timeout=1");
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("password=***&connect_timeout=1"), std::string::npos) << text;
    EXPECT_EQ(text.find("secret"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Server, SlowPostgres, ::testing::Values("postgres"));

}  // namespace
}  // namespace oneproxy
