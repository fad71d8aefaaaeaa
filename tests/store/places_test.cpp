// What holds for a store wherever it is: in an SQLite file and on a PostgreSQL server that the tests start.
#include "places.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace oneproxy::test {
namespace {

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

}  // namespace
}  // namespace oneproxy::test
