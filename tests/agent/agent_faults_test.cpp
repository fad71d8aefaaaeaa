// What happens where engines, agents or clients fail, or several clients come at once.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent_campaign.hpp"
// Last: the system's headers in it define _res, which Eigen takes for a name of its own.
#include <httplib.h>

namespace oneproxy::test {
namespace {

using namespace std::chrono_literals;

/// A process that the agent started and that one, if it is there within 10 s; the deepest runs the engine.
pid_t engine_process(pid_t agent) {
  for (int i = 0; i < 1000; ++i) {
    for (const pid_t worker : children_of(agent)) {
      if (const auto engines = children_of(worker); !engines.empty()) return engines.front();
    }
    std::this_thread::sleep_for(10ms);
  }
  return -1;
}

/// Waits until no request is being answered any more (up to 10 s).
bool idle(pid_t agent) {
  for (int i = 0; i < 1000 && !children_of(agent).empty(); ++i) std::this_thread::sleep_for(10ms);
  return children_of(agent).empty();
}

/// Sends a signal to the engine's process when it measures: before that it would be started anew.
void signal_engine(pid_t agent, int number) {
  const pid_t engine = engine_process(agent);
  std::this_thread::sleep_for(500ms);
  if (engine > 0) kill(engine, number);
}

TEST(SlowAgent, ACrashedEngineEndsTheRequestAndNotTheAgent) {
  const AgentProcess agent({"--port", "0"});
  const auto device = make_device(device_of(agent));
  Protocol slow = quick();
  slow.budget_ms = 2000;
  slow.relative_tolerance = 1e-9;
  ASSERT_TRUE(idle(agent.pid()));
  std::jthread killer([&] { signal_engine(agent.pid(), SIGSEGV); });
  try {
    device->measure(*space(), sample(8), slow, {}, {});
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("the engine crashed with signal 11"), std::string::npos) << error.what();
  }
  killer.join();
  EXPECT_TRUE(agent.running());
  EXPECT_EQ(measure(device_of(agent), sample(2)).error, "");
}

TEST(SlowAgent, AHangingEngineIsEndedAndTheAgentGoesOn) {
  const AgentProcess agent({"--port", "0"});
  const auto device = make_device(device_of(agent));
  Protocol slow = quick();
  slow.budget_ms = 2000;
  slow.relative_tolerance = 1e-9;
  slow.hang_timeout_s = 0.5;
  ASSERT_TRUE(idle(agent.pid()));
  std::jthread stopper([&] { signal_engine(agent.pid(), SIGSTOP); });
  try {
    device->measure(*space(), sample(8), slow, {}, {});
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("the engine hangs and was ended"), std::string::npos) << error.what();
  }
  stopper.join();
  EXPECT_EQ(measure(device_of(agent), sample(2)).error, "");
}

TEST(SlowAgent, ARequestThatTakesTooLongIsEnded) {
  const AgentProcess agent({"--port", "0", "--longest-s", "1"});
  Protocol slow = quick();
  slow.budget_ms = 60'000;
  slow.relative_tolerance = 1e-9;
  const auto start = std::chrono::steady_clock::now();
  const Campaign late = measure(device_of(agent), sample(2), slow);
  EXPECT_NE(late.error.find("took longer than 1 s and was ended"), std::string::npos) << late.error;
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
  EXPECT_TRUE(idle(agent.pid()));
}

TEST(SlowAgent, ARestartCostsOnlyTheNetworksThatWereNotDelivered) {
  auto agent = std::make_unique<AgentProcess>(std::vector<std::string>{"--port", "0"});
  const std::string port = agent->port();
  const std::string device = device_of(*agent);
  const auto xs = sample(40);
  std::jthread restarter;
  const Campaign campaign = measure(device, xs, quick(), [&](std::size_t count) {
    if (count != 5 && count != 25) return;
    agent->kill_now();
    restarter = std::jthread([&] {
      std::this_thread::sleep_for(300ms);
      agent = std::make_unique<AgentProcess>(std::vector<std::string>{"--port", port});
    });
    restarter.join();
  });
  EXPECT_EQ(campaign.error, "");
  expect_each_once(campaign, xs);
}

TEST(Agent, OneThatStaysAwayIsGivenUp) {
  auto agent = std::make_unique<AgentProcess>(std::vector<std::string>{"--port", "0"});
  const std::string device = device_of(*agent, ", patience_s=1");
  const Campaign campaign = measure(device, sample(20), quick(), [&](std::size_t count) {
    if (count == 3) agent->kill_now();
  });
  EXPECT_NE(campaign.error.find("given up after"), std::string::npos) << campaign.error;
  EXPECT_GE(campaign.measured.size(), 3U);
  EXPECT_LT(campaign.measured.size(), 20U);
}

TEST(Agent, NoticesThatTheDeviceChanged) {
  // What is offered first is the default: after the restart it is another one.
  auto agent = std::make_unique<AgentProcess>(std::vector<std::string>{"--port", "0", "--device", "onednn"});
  const std::string port = agent->port();
  const auto device = make_device("agent(url=" + agent->url() + ")");
  device->measure(*space(), sample(2), quick(), {}, {});
  agent = nullptr;
  agent = std::make_unique<AgentProcess>(
      std::vector<std::string>{"--port", port, "--device", "roofline(device=s5e)", "--device", "onednn"});
  try {
    device->measure(*space(), sample(2), quick(), {}, {});
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("the device changed: device was 'onednn(threads=1, isa="),
              std::string::npos)
        << error.what();
  }
}

TEST(SlowAgent, RefusesMoreAtOnceThanItShallAndClientsWait) {
  const AgentProcess agent({"--port", "0"});
  Protocol slow = quick();
  slow.budget_ms = 700;
  slow.relative_tolerance = 1e-9;
  const std::string device = device_of(agent, ", patience_s=60");
  const auto first = make_device(device);
  ASSERT_TRUE(idle(agent.pid()));
  std::jthread other([&] {
    std::size_t count = 0;
    first->measure(*space(), sample(4), slow, [&](const auto&) { ++count; }, {});
    EXPECT_EQ(count, 4U);
  });
  ASSERT_GT(engine_process(agent.pid()), 0);
  httplib::Client client(agent.url());
  const auto refused = client.Post("/v1/facts", "{}", "application/json");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->get_header_value("Retry-After"), "1");
  EXPECT_EQ(nlohmann::json::parse(client.Get("/v1/health")->body)["measuring"], 1);
  const Campaign second = measure(device, sample(3));
  EXPECT_EQ(second.error, "");
  EXPECT_EQ(second.measured.size(), 3U);
}

TEST(SlowAgent, AClientThatStopsFreesIt) {
  const AgentProcess agent({"--port", "0"});
  Protocol slow = quick();
  slow.budget_ms = 60'000;
  slow.relative_tolerance = 1e-9;
  const auto device = make_device(device_of(agent));
  int calls = 0;
  EXPECT_THROW(device->measure(*space(), sample(2), slow, {}, [&](const auto&) { return ++calls < 3; }), Stopped);
  EXPECT_EQ(measure(device_of(agent), sample(2)).error, "");
}

}  // namespace
}  // namespace oneproxy::test
