#include "oneproxy/pipeline/fleet_workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

std::string text_of(std::size_t i) { return "piece " + std::to_string(i); }

TEST(FleetWorkers, EmitsEveryPieceOnceAndInOrder) {
  for (const std::size_t threads : {1, 2, 7}) {
    SCOPED_TRACE(threads);
    ThreadWorkers workers(threads);
    std::vector<std::atomic<int>> computed(200);
    std::vector<std::string> emitted;
    std::size_t next = 3;
    const auto caller = std::this_thread::get_id();
    workers.run(
        3, 200,
        [&](std::size_t i) {
          ++computed[i];
          // Some pieces take longer, so that others overtake them.
          if (Rng(i).below(10) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
          return text_of(i);
        },
        [&](std::size_t i, std::string_view result) {
          EXPECT_EQ(std::this_thread::get_id(), caller);
          EXPECT_EQ(i, next++);
          EXPECT_EQ(result, text_of(i));
        });
    EXPECT_EQ(next, 200U);
    for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(computed[i], i < 3 ? 0 : 1) << i;
  }
}

TEST(FleetWorkers, NothingToDoIsNoFault) {
  ThreadWorkers workers(2);
  const auto never = [](std::size_t, std::string_view) { FAIL(); };
  workers.run(5, 5, text_of, never);
  EXPECT_TRUE(workers.gather(0, text_of).empty());
}

TEST(FleetWorkers, GathersInOrder) {
  ThreadWorkers workers(3);
  const auto all = workers.gather(50, [](std::size_t i) { return i % 7 == 0 ? "" : text_of(i); });
  ASSERT_EQ(all.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(all[i], i % 7 == 0 ? "" : text_of(i));
}

TEST(FleetWorkers, WhatAPieceThrowsReachesTheCaller) {
  ThreadWorkers workers(3);
  std::size_t emitted = 0;
  EXPECT_THROW(workers.run(
                   0, 1000,
                   [](std::size_t i) {
                     if (i == 20) throw InputError("piece 20", "is bad");
                     return text_of(i);
                   },
                   [&](std::size_t, std::string_view) { ++emitted; }),
               InputError);
  EXPECT_LE(emitted, 20U);
}

TEST(FleetWorkers, WhatEmitThrowsEndsTheWork) {
  ThreadWorkers workers(2);
  std::atomic<std::size_t> computed = 0;
  const auto compute = [&](std::size_t i) {
    ++computed;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return text_of(i);
  };
  EXPECT_THROW(workers.run(0, 100'000, compute, [](std::size_t, std::string_view) { throw Stopped("stopped"); }),
               Stopped);
  EXPECT_LT(computed, 100'000U);
}

}  // namespace
}  // namespace oneproxy
