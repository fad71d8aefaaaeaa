#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent_campaign.hpp"
#include "measure/temporary_folder.hpp"
#include "oneproxy/measure/agent_service.hpp"
#include "oneproxy/space/arch_table.hpp"
// Last: the system's headers in it define _res, which Eigen takes for a name of its own.
#include <httplib.h>

namespace oneproxy::test {
namespace {

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

TEST(Agent, ReplaysTheTableThatItsOwnerOffers) {
  oneproxy::testing::TemporaryFolder folder;
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
}  // namespace oneproxy::test
