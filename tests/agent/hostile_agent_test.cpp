// What the client makes of answers that no agent of ours gives.
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/progress.hpp"
#include "oneproxy/measure/device.hpp"
// Last: the system's headers in it define _res, which Eigen takes for a name of its own.
#include <httplib.h>

namespace oneproxy {
namespace {

constexpr const char* facts_line = R"j({"device":"onednn(threads=1)","facts":{"cpu":"a","isa":"b","engine":"c"}})j";
constexpr const char* good_measurement = R"j({"mean_ms":1.5,"median_ms":1.5,"p90_ms":2,"stddev_ms":0.5,"runs":2,
  "stopped_by":"budget","when":"2026-01-01T00:00:00Z","core":0,"raw_ms":[1,2],"conditions":{"drift":1,"outliers":[1]}})j";

/// A server that answers questions on the device as it should, and those for measurements with a text of the test's.
class HostileAgent {
 public:
  HostileAgent() {
    server_.Post("/v1/facts", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(std::string(facts_line) + "\n{\"done\":true}\n", "application/x-ndjson");
    });
    server_.Post("/v1/measure", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(answer, "application/x-ndjson");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::jthread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ~HostileAgent() { server_.stop(); }
  HostileAgent(const HostileAgent&) = delete;
  HostileAgent& operator=(const HostileAgent&) = delete;

  std::string device() const { return "agent(url=http://127.0.0.1:" + std::to_string(port_) + ", patience_s=0)"; }

  std::string answer;

 private:
  httplib::Server server_;
  int port_ = 0;
  std::jthread thread_;
};

/// What measuring two networks says; "" where it succeeds.
std::string error_of(const HostileAgent& agent, std::vector<Measurement>* measured = nullptr) {
  const auto space = make_space("mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)");
  Rng rng(1);
  const auto xs = space->sample_distinct(2, rng);
  try {
    make_device(agent.device())
        ->measure(*space, xs, {},
                  [&](const Measurement& m) {
                    if (measured != nullptr) measured->push_back(m);
                  },
                  {});
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  return "";
}

std::string line_of(const std::string& network, const nlohmann::json& measurement) {
  return "{\"network\":" + network + ",\"measurement\":" + measurement.dump() + "}\n";
}

TEST(HostileAgent, WhatIsMeasuredWellIsTaken) {
  HostileAgent agent;
  const auto good = nlohmann::json::parse(good_measurement);
  agent.answer = std::string(facts_line) + "\n" + line_of("1", good) + line_of("0", good) + "{\"done\":true}\n";
  std::vector<Measurement> measured;
  EXPECT_EQ(error_of(agent, &measured), "");
  EXPECT_EQ(measured.size(), 2U);
}

TEST(HostileAgent, ValuesThatNoMeasurementHasAreErrors) {
  HostileAgent agent;
  const std::pair<const char*, const char*> changes[] = {{"/mean_ms", "0"},
                                                         {"/mean_ms", "-1"},
                                                         {"/median_ms", "null"},
                                                         {"/median_ms", "\"1\""},
                                                         {"/p90_ms", "-0.5"},
                                                         {"/stddev_ms", "-1"},
                                                         {"/runs", "3"},
                                                         {"/runs", "-1"},
                                                         {"/runs", "9223372036854775807"},
                                                         {"/runs", "[]"},
                                                         {"/raw_ms", "[]"},
                                                         {"/raw_ms", "[1,-2]"},
                                                         {"/raw_ms", "[1,\"2\"]"},
                                                         {"/raw_ms", "[1,1e300]"},
                                                         {"/raw_ms", "{\"a\":1}"},
                                                         {"/conditions/drift", "0"},
                                                         {"/conditions", "7"},
                                                         {"/conditions/outliers", "[2]"},
                                                         {"/core", "\"first\""},
                                                         {"/when", "5"},
                                                         {"/stopped_by", "{}"},
                                                         {"/conditions", "{\"disturbed_runs\":3}"},
                                                         {"/conditions", "{\"disturbed_runs\":-3}"},
                                                         {"/conditions", "{\"cold_ms\":-1}"},
                                                         {"/conditions", "{\"before\":{\"load\":\"x\"}}"}};
  for (const auto& [where, value] : changes) {
    auto bad = nlohmann::json::parse(good_measurement);
    bad[nlohmann::json::json_pointer(where)] = nlohmann::json::parse(value);
    agent.answer = std::string(facts_line) + "\n" + line_of("0", bad) + "{\"done\":true}\n";
    std::vector<Measurement> measured;
    const std::string error = error_of(agent, &measured);
    EXPECT_NE(error.find("answers with "), std::string::npos) << where << " = " << value << ": " << error;
    EXPECT_TRUE(measured.empty()) << where << " = " << value;
  }
}

TEST(HostileAgent, NetworksThatWereNotAskedForAreErrors) {
  HostileAgent agent;
  const auto good = nlohmann::json::parse(good_measurement);
  for (const std::string network :
       {"2", "-1", "18446744073709551615", "99999999999999999999", "1e300", "\"0\"", "[]"}) {
    agent.answer = line_of(network, good) + "{\"done\":true}\n";
    const std::string error = error_of(agent);
    EXPECT_NE(error.find("answers "), std::string::npos) << network << ": " << error;
  }
  agent.answer = line_of("0", good) + line_of("0", good) + "{\"done\":true}\n";
  EXPECT_NE(error_of(agent).find("answers for a network twice"), std::string::npos);
}

TEST(HostileAgent, LinesThatAreNoneOfTheInterfaceAreErrors) {
  HostileAgent agent;
  for (const std::string line :
       {"", "[]", "7", "nonsense", "{", "{\"mean_ms\":1e999}", "{\"network\":0}", "{\"network\":0,\"measurement\":7}",
        "{\"error\":7}", "{\"facts\":7}", "{\"device\":\"x\",\"facts\":{\"cpu\":7}}", "{\"done\":\"yes\"}"}) {
    agent.answer = line + "\n{\"done\":true}\n";
    EXPECT_NE(error_of(agent).find("answers with "), std::string::npos) << line << ": " << error_of(agent);
  }
  agent.answer = "{\"done\":true}\n";  // and nothing measured
  EXPECT_NE(error_of(agent).find("ended without having measured all"), std::string::npos) << error_of(agent);
  agent.answer = "";
  EXPECT_NE(error_of(agent).find("in the middle of an answer"), std::string::npos) << error_of(agent);
}

}  // namespace
}  // namespace oneproxy
