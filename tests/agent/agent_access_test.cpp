// Whom and what the agent refuses.
#include <gtest/gtest.h>

#include <cstdlib>

#include "agent_campaign.hpp"
#include "measure/temporary_folder.hpp"
#include "oneproxy/base/file.hpp"
// Last: the system's headers in it define _res, which Eigen takes for a name of its own.
#include <httplib.h>

namespace oneproxy::test {
namespace {

TEST(Agent, RefusesWithoutTheToken) {
  oneproxy::testing::TemporaryFolder folder;
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
  oneproxy::testing::TemporaryFolder folder;
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
  oneproxy::testing::TemporaryFolder folder;
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

}  // namespace
}  // namespace oneproxy::test
