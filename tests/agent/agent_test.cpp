#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "agent_process.hpp"
#include "measure/temporary_folder.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/progress.hpp"
#include "oneproxy/measure/agent_service.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/space/arch_table.hpp"
// Last: the system's headers in it define _res, which Eigen takes for a name of its own.
#include <httplib.h>

namespace oneproxy {
namespace {
using test::AgentProcess;
using namespace std::chrono_literals;

const SpacePtr& space() {
  static const SpacePtr space =
      make_space("mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)");
  return space;
}

std::vector<Architecture> sample(std::size_t count) {
  Rng rng(5);
  return space()->sample_distinct(count, rng);
}

Protocol quick() {
  Protocol protocol;
  protocol.budget_ms = 1;
  return protocol;
}

struct Campaign {
  std::vector<Measurement> measured;
  std::string error;
};

Campaign measure(const std::string& description, const std::vector<Architecture>& xs,
                 const Protocol& protocol = quick(), const std::function<void(std::size_t)>& on_result = {},
                 const ProgressCallback& progress = {}) {
  Campaign campaign;
  try {
    make_device(description)
        ->measure(
            *space(), xs, protocol,
            [&](const Measurement& m) {
              campaign.measured.push_back(m);
              if (on_result) on_result(campaign.measured.size());
            },
            progress);
  } catch (const InputError& error) {
    campaign.error = error.what();
    EXPECT_EQ(campaign.error.find('\n'), std::string::npos) << campaign.error;
  }
  return campaign;
}

void expect_each_once(const Campaign& campaign, const std::vector<Architecture>& xs) {
  std::set<Architecture> seen;
  for (const auto& m : campaign.measured) seen.insert(m.architecture);
  EXPECT_EQ(seen, std::set<Architecture>(xs.begin(), xs.end()));
  EXPECT_EQ(campaign.measured.size(), xs.size());
}

std::string device_of(const AgentProcess& agent, const std::string& more = "") {
  return "agent(url=" + agent.url() + ", device=onednn" + more + ")";
}

/// A process that the agent started and that one, if it is there within 10 s; the deepest runs the engine.
pid_t engine_process(pid_t agent) {
  for (int i = 0; i < 1000; ++i) {
    for (const pid_t worker : test::children_of(agent)) {
      if (const auto engines = test::children_of(worker); !engines.empty()) return engines.front();
    }
    std::this_thread::sleep_for(10ms);
  }
  return -1;
}

/// Sends a signal to the engine's process when it measures: before that it would be started anew.
void signal_engine(pid_t agent, int number) {
  const pid_t engine = engine_process(agent);
  std::this_thread::sleep_for(500ms);
  if (engine > 0) kill(engine, number);
}

/// Waits until no request is being answered any more (up to 10 s).
bool idle(pid_t agent) {
  for (int i = 0; i < 1000 && !test::children_of(agent).empty(); ++i) std::this_thread::sleep_for(10ms);
  return test::children_of(agent).empty();
}

TEST(SlowAgent, MeasuresAsTheEngineItselfDoes) {
  const AgentProcess agent({"--port", "0"});
  ASSERT_TRUE(agent.url().starts_with("http://127.0.0.1:")) << agent.url();
  const auto xs = sample(40);  // more than one request
  const Campaign campaign = measure(device_of(agent), xs);
  EXPECT_EQ(campaign.error, "");
  expect_each_once(campaign, xs);
  for (const auto& m : campaign.measured) {
    EXPECT_TRUE(m.stopped_by == "confidence" || m.stopped_by == "budget") << m.stopped_by;
    EXPECT_GT(m.cold_ms, 0);
    EXPECT_GT(m.reference_ms, 0);
    Measurement again = m;
    summarise(again);
    EXPECT_NEAR(m.median_ms, again.median_ms, 1e-6 * m.median_ms);
  }
  const auto facts = make_device(device_of(agent))->facts();
  const auto local = make_device("onednn")->facts();
  EXPECT_EQ(facts.engine, local.engine);
  EXPECT_EQ(facts.cpu, local.cpu);
}

TEST(Agent, TellsItsHealthAndNothingElse) {
  const AgentProcess agent({"--port", "0"});
  httplib::Client client(agent.url());
  const auto health = client.Get("/v1/health");
  ASSERT_TRUE(health);
  EXPECT_EQ(health->status, 200);
  EXPECT_EQ(nlohmann::json::parse(health->body)["measuring"], 0);
  for (const char* path : {"/", "/v1", "/v1/measure", "/../../etc/passwd"}) EXPECT_EQ(client.Get(path)->status, 404);
}

TEST(Agent, RefusesWithoutTheToken) {
  testing::TemporaryFolder folder;
  const std::string token_file = folder / "token";
  const std::string wrong_file = folder / "wrong";
  write_file(token_file, "0123456789abcdef0123\n");
  write_file(wrong_file, "0123456789abcdef0124\n");
  const AgentProcess agent({"--port", "0", "--token-file", token_file});
  EXPECT_EQ(measure(device_of(agent, ", token_file=" + token_file), sample(2)).error, "");
  for (const std::string& more : {std::string(), ", token_file=" + wrong_file}) {
    EXPECT_NE(measure(device_of(agent, more), sample(2)).error.find("refuses the token"), std::string::npos);
  }
  httplib::Client client(agent.url());
  for (const char* value :
       {"", "Bearer", "Bearer ", "Bearer 0123456789abcdef012", "Bearer 0123456789abcdef01230", "x"}) {
    const auto answer = client.Get("/v1/health", httplib::Headers{{"Authorization", value}});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 401) << value;
  }
  EXPECT_EQ(client.Get("/v1/health", httplib::Headers{{"Authorization", "Bearer 0123456789abcdef0123"}})->status, 200);
}

TEST(Agent, StartsOnlyAsItShould) {
  testing::TemporaryFolder folder;
  write_file(folder / "short", "abc\n");
  write_file(folder / "text", "no certificate\n");
  const std::string text = folder / "text";
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"--listen", "0.0.0.0"},
                                                                     {"--token-file", folder / "short"},
                                                                     {"--token-file", folder / "none"},
                                                                     {"--certificate", text},
                                                                     {"--certificate", text, "--key", text},
                                                                     {"--port", "70000"},
                                                                     {"--listen", "192.0.2.1", "--token-file", text}}) {
    AgentProcess agent(arguments);
    EXPECT_EQ(agent.url(), "") << arguments[0];
    EXPECT_EQ(agent.wait_end(), 2) << arguments[0];
  }
  const AgentProcess first({"--port", "0"});
  AgentProcess second({"--port", first.port()});
  EXPECT_EQ(second.wait_end(), 2);  // the port is taken
}

TEST(Agent, SpeaksTls) {
  testing::TemporaryFolder folder;
  const std::string key = folder / "key.pem";
  const std::string certificate = folder / "certificate.pem";
  const std::string command =
      "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -addext "
      "subjectAltName=IP:127.0.0.1 -keyout " +
      key + " -out " + certificate + " 2> /dev/null";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "the program openssl is missing";
  const AgentProcess agent({"--port", "0", "--certificate", certificate, "--key", key});
  ASSERT_TRUE(agent.url().starts_with("https://"));
  EXPECT_EQ(measure(device_of(agent, ", ca_file=" + certificate), sample(2)).error, "");
  EXPECT_NE(measure(device_of(agent, ", patience_s=0"), sample(2)).error.find("its certificate is not trusted"),
            std::string::npos);
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

TEST(Agent, RefusesWhatIsTooLargeAlsoWhenItIsPacked) {
  const AgentProcess agent({"--port", "0", "--largest-request-mb", "1"});
  httplib::Client client(agent.url());
  const std::string large(3'000'000, 'x');
  const auto plain = client.Post("/v1/measure", large, "application/json");
  if (plain) {  // the agent may close the connection before all is sent
    EXPECT_EQ(plain->status, 413);
  }
  const Campaign packed = measure("agent(url=" + agent.url() + ", device=onednn)", [] {
    Rng rng(1);
    return space()->sample_distinct(16, rng);
  }());
  // 16 networks with 0.1 to 0.3 MB of zeros each are a few kilobytes when packed.
  EXPECT_NE(packed.error.find("413"), std::string::npos) << packed.error;
  EXPECT_EQ(client.Get("/v1/health")->status, 200);
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

TEST(Agent, RefusesHostileRequests) {
  const AgentProcess agent({"--port", "0"});
  httplib::Client client(agent.url());
  const auto answer = [&](const std::string& body) {
    // The slot of the request before is free a moment after its answer; until then the agent is busy.
    for (;;) {
      const auto result = client.Post("/v1/measure", body, "application/json");
      if (!result) return std::string("no answer");
      if (result->body.find("busy") == std::string::npos) return result->body;
    }
  };
  for (const std::string bad :
       {"", "{", "[]", "null", R"j({"device":7})j", R"j({"device":"onednn","networks":[]})j",
        R"j({"device":"onednn","networks":[{"onnx":"%%%%"}]})j",
        R"j({"device":"onednn","networks":[{"onnx":"AAAA"}]})j", R"j({"device":"onednn","networks":7})j",
        R"j({"device":"onednn","networks":[7],"protocol":[]})j", R"j({"device":"toaster"})j",
        R"j({"device":"command(run=\"touch /tmp/x\", read=tflite)"})j", R"j({"device":"table(/etc/passwd)"})j",
        R"j({"device":"agent(url=http://127.0.0.1:1)"})j"}) {
    EXPECT_NE(answer(bad).find("\"error\""), std::string::npos) << bad << ": " << answer(bad);
  }
  EXPECT_NE(answer(R"j({"device":"table(/etc/passwd)"})j").find("is not offered here"), std::string::npos);
  EXPECT_TRUE(agent.running());
  EXPECT_EQ(measure(device_of(agent), sample(2)).error, "");
}

TEST(Agent, ReplaysTheTableThatItsOwnerOffers) {
  testing::TemporaryFolder folder;
  ArchTable table;
  table.architectures = sample(30);
  table.columns = {"phone"};
  table.values.resize(30, 1);
  for (int i = 0; i < 30; ++i) table.values(i, 0) = 1 + i;
  const std::string file = folder / "phone.csv";
  write_arch_table(file, *space(), table);
  const AgentProcess agent({"--port", "0", "--device", "table(" + file + ")"});
  const Campaign campaign = measure("agent(url=" + agent.url() + ")", table.architectures);
  EXPECT_EQ(campaign.error, "");
  ASSERT_EQ(campaign.measured.size(), 30U);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(campaign.measured[i].median_ms, 1 + i);
}

TEST(Agent, IsRefusedWithWordsWhereThereIsNone) {
  EXPECT_NE(measure("agent(url=http://127.0.0.1:9, patience_s=0)", sample(1)).error.find("cannot be reached"),
            std::string::npos);
  EXPECT_NE(measure("agent(url=ftp://x)", sample(1)).error.find("is not http://HOST:PORT"), std::string::npos);
  EXPECT_NE(measure("agent()", sample(1)).error.find("expected agent(url="), std::string::npos);
}

TEST(Base64, ComesBackAndRefusesWhatItIsNot) {
  Rng rng(3);
  for (std::size_t size = 0; size < 100; ++size) {
    std::string bytes(size, ' ');
    for (char& c : bytes) c = static_cast<char>(rng.below(256));
    EXPECT_EQ(from_base64(base64(bytes)), bytes) << size;
  }
  EXPECT_EQ(base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");  // RFC 4648's alphabet and padding
  for (const char* bad : {"A", "AAA", "AA=A", "=AAA", "A===", "AA A", "AAAA=", "AA==AAAA"}) {
    EXPECT_THROW(from_base64(bad), InputError) << bad;
  }
}

}  // namespace
}  // namespace oneproxy
