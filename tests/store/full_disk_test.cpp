// A disk without space (ENOSPC), on a small file system that the tests mount.
#include <gtest/gtest.h>

#include <algorithm>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/store/store.hpp"
#include "small_disk.hpp"

namespace oneproxy {
namespace {

namespace fs = std::filesystem;
constexpr int roomy_kb = 64 << 10;

class FullDisk : public ::testing::Test {
 protected:
  Measurement random_measurement(Rng& rng) const {
    Measurement m;
    m.architecture = space_->sample(rng);
    m.raw_ms.resize(1 + rng.below(200));
    for (float& ms : m.raw_ms) ms = static_cast<float>(0.1 + rng.uniform());
    summarise(m);
    m.stopped_by = "budget";
    m.when = utc_now();
    return m;
  }

  static RunSettings settings() {
    RunSettings settings;
    settings.command = "run";
    settings.space = "a space";
    settings.device = "a device";
    return settings;
  }

  /// Puts measurements until the store refuses one; what it says. `acknowledged` gets those that it took.
  std::string fill(Store& store, std::int64_t run, Rng& rng, std::vector<Measurement>& acknowledged) const {
    for (int i = 0; i < 100'000; ++i) {
      const Measurement m = random_measurement(rng);
      try {
        store.put(run, "sample", *space_, m);
      } catch (const InputError& error) {
        return error.what();
      }
      acknowledged.push_back(m);
    }
    return "";
  }

  void expect_all(const fs::path& file, std::int64_t run, const std::vector<Measurement>& expected) const {
    const Store store(file);
    const auto found = store.measurements(run, "sample", *space_);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].architecture, expected[i].architecture);
      EXPECT_EQ(found[i].raw_ms, expected[i].raw_ms);
    }
    EXPECT_TRUE(store.salvage().faults.empty());
  }

  SpacePtr space_ = make_space("mobilenet_v2(resolution=28, width=0.5, channels=1, classes=10)");
};

TEST_F(FullDisk, NothingReportedIsLostAndWritingGoesOnOnceThereIsSpace) {
  for (const int kilobytes :
       {300, 512, 1000, 3000}) {  // full before, while and after the log is first moved to the file
    SCOPED_TRACE(std::to_string(kilobytes) + " kB");
    test::SmallDisk disk(kilobytes);
    if (!disk.absent().empty()) GTEST_SKIP() << disk.absent();
    const fs::path file = disk / "measurements.sqlite";
    Rng rng(static_cast<std::uint64_t>(kilobytes));
    std::vector<Measurement> acknowledged;
    std::int64_t run = 0;
    {
      Store store(file);
      run = store.begin_run(settings());
      const std::string error = fill(store, run, rng, acknowledged);
      EXPECT_EQ(error.find(file.string() + ": cannot be written: the disk is full"), 0U) << error;
      EXPECT_EQ(error.find('\n'), std::string::npos) << error;
      ASSERT_GT(acknowledged.size(), 20U);
      // The process that met the full disk may go on itself.
      ASSERT_TRUE(disk.resize(kilobytes + 500));
      const std::size_t before = acknowledged.size();
      fill(store, run, rng, acknowledged);
      EXPECT_GT(acknowledged.size(), before + 20);
    }
    expect_all(file, run, acknowledged);  // still full
    ASSERT_TRUE(disk.resize(roomy_kb));
    {
      Store store(file);
      store.claim(run);
      for (int i = 0; i < 50; ++i) {
        acknowledged.push_back(random_measurement(rng));
        store.put(run, "sample", *space_, acknowledged.back());
      }
    }
    expect_all(file, run, acknowledged);
  }
}

TEST_F(FullDisk, AStoreThatCannotBeMadeIsNamed) {
  test::SmallDisk disk(8);
  if (!disk.absent().empty()) GTEST_SKIP() << disk.absent();
  const fs::path file = disk / "measurements.sqlite";
  try {
    Store store(file);
    store.begin_run(settings());
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find(file.string() + ": cannot be written: the disk is full"), 0U)
        << error.what();
  }
  ASSERT_TRUE(disk.resize(roomy_kb));
  EXPECT_NO_THROW(Store(file).begin_run(settings()));
}

}  // namespace
}  // namespace oneproxy
