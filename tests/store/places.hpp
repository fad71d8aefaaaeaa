#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "oneproxy/base/file.hpp"
#include "postgres_server.hpp"

namespace oneproxy::test {

inline RunSettings settings() {
  RunSettings settings;
  settings.command = "run";
  settings.seed = 0xfedcba9876543210U;
  settings.space = "a space, with 'quotes' and \\";
  settings.device = "command(run=\"x\")";
  settings.protocol.budget_ms = 123.25;
  settings.facts = {"a cpu", 3, 7.5, "an os", "avx2", "performance", "an engine 1.2"};
  return settings;
}

/// A store in a place that the parameter names: "sqlite" or "postgres".
class Places : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    if (std::string(GetParam()) != "postgres") {
      place_ = (folder_ / "measurements.db").string();
      return;
    }
    if (const auto& absent = PostgresServer::get().absent(); !absent.empty()) GTEST_SKIP() << absent;
    PostgresServer::get().sql("DROP TABLE IF EXISTS oneproxy_measurement, oneproxy_run, oneproxy_store");
    place_ = PostgresServer::get().url();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

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

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("oneproxy_places_" + std::to_string(::getpid()));
  std::string place_;
  SpacePtr space_ = make_space("mobilenet_v2(resolution=28, width=0.5, channels=1, classes=10)");
};

inline void expect_same(const Measurement& a, const Measurement& b) {
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

}  // namespace oneproxy::test
