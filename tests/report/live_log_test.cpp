#include "oneproxy/report/live_log.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "oneproxy/base/file.hpp"
#include "oneproxy/space/search_space.hpp"
#include "oneproxy/store/store.hpp"

namespace oneproxy {
namespace {

class LiveLogTest : public testing::Test {
 protected:
  LiveLogTest() {
    std::string pattern = testing::TempDir() + "oneproxy-live-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~LiveLogTest() override { std::filesystem::remove_all(folder_); }

  Measurement measurement() const {
    Measurement m;
    Rng rng(1);
    m.architecture = space_->sample(rng);
    for (int i = 0; i < 30; ++i) m.raw_ms.push_back(1.0F + static_cast<float>(i) / 100);
    m.runs = 30;
    m.stopped_by = "budget";
    m.when = "2026-01-01T00:00:00Z";
    summarise(m);
    return m;
  }

  std::int64_t begin(Store& store) const {
    RunSettings settings;
    settings.space = space_->description();
    settings.device = "target";
    return store.begin_run(settings);
  }

  SpacePtr space_ = make_space("mobilenet_v2");
  std::filesystem::path folder_;
};

TEST_F(LiveLogTest, TellsOfARunningCampaignAndEndsWithIt) {
  Store store(folder_ / "measurements.sqlite");
  const auto run = begin(store);
  EXPECT_EQ(read_live(folder_)["state"], "none");
  {
    LiveLog log(folder_, store, run, *space_, "target");
    EXPECT_EQ(read_live(folder_)["state"], "running");
    EXPECT_EQ(read_live(folder_)["measurements"].size(), 0U);
    const Measurement m = measurement();
    store.put(run, "front", *space_, m);
    store.put(run, "sample", *space_, m);
    log.update();  // too early: at most once a second
    EXPECT_EQ(read_live(folder_)["measurements"].size(), 0U);
    std::this_thread::sleep_for(std::chrono::milliseconds(1010));
    log.update();
    const auto live = read_live(folder_);
    EXPECT_EQ(live["target"], "target");
    EXPECT_EQ(live["space"], space_->description());
    EXPECT_EQ(live["result_written"], "");
    ASSERT_EQ(live["measurements"].size(), 2U);
    EXPECT_EQ(live["measurements"][0]["role"], "sample");
    EXPECT_EQ(live["measurements"][1]["role"], "front");
    EXPECT_EQ(live["measurements"][1]["median"], m.median_ms);
    EXPECT_LT(live["measurements"][1]["low"], m.median_ms);
    EXPECT_GT(live["measurements"][1]["high"], m.median_ms);
    EXPECT_EQ(live["measurements"][1]["text"], space_->text(m.architecture));
  }
  EXPECT_EQ(read_live(folder_)["state"], "none");
}

TEST_F(LiveLogTest, ACampaignThatWasKilledIsStopped) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  write_file(folder_ / "live.json", nlohmann::json{{"pid", child}, {"target", "t"}}.dump());
  EXPECT_EQ(read_live(folder_)["state"], "stopped");
  EXPECT_EQ(read_live(folder_)["target"], "t");
}

TEST_F(LiveLogTest, ReadsWhateverStandsInTheFiles) {
  write_file(folder_ / "result.json", R"({"written": "yesterday"})");
  EXPECT_EQ(read_live(folder_)["result_written"], "yesterday");
  write_file(folder_ / "result.json", "[1");
  for (const char* bad : {"", "[]", "{", "{}", R"({"pid": "x", "space": 3, "measurements": 4})"}) {
    write_file(folder_ / "live.json", bad);
    const auto live = read_live(folder_);
    EXPECT_EQ(live["result_written"], "");
    EXPECT_NE(live["state"], "running") << bad;
    EXPECT_TRUE(live["measurements"].is_array() && live["measurements"].empty()) << bad;
  }
}

}  // namespace
}  // namespace oneproxy
