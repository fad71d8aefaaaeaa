// What a server alone does: it goes away, is of another version, and has a password.
#include <gtest/gtest.h>

#include <thread>

#include "places.hpp"

namespace oneproxy::test {
namespace {

using namespace std::chrono_literals;

class SlowPostgres : public Places {};

TEST_P(SlowPostgres, AServerThatIsGoneInTheMiddleIsWaitedFor) {
  Store store(place_);
  const auto run = store.begin_run(settings());
  Rng rng(1);
  std::vector<Measurement> put;
  for (int i = 0; i < 30; ++i) {
    std::jthread restart;
    if (i % 10 == 5) {
      ASSERT_TRUE(PostgresServer::get().crash());
      restart = std::jthread([] {
        std::this_thread::sleep_for(500ms);
        PostgresServer::get().start();
      });
    }
    put.push_back(random_measurement(rng));
    store.put(run, "sample", *space_, put.back());
  }
  const auto found = Store(place_).measurements(run, "sample", *space_);
  ASSERT_EQ(found.size(), put.size());
  for (std::size_t i = 0; i < put.size(); ++i) expect_same(found[i], put[i]);
  Store other(place_);
  EXPECT_THROW(other.claim(run), InputError);  // it holds its run still
}

TEST_P(SlowPostgres, ANewerVersionIsRefused) {
  { const Store store(place_); }
  ASSERT_TRUE(PostgresServer::get().sql("UPDATE oneproxy_store SET version = 7"));
  try {
    Store again(place_);
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("has schema version 7; this program reads up to 2"), std::string::npos);
  }
}

TEST_P(SlowPostgres, ErrorsAreOneLineWithoutThePassword) {
  try {
    Store store("postgresql://somebody:secret@127.0.0.1:9/none");
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("postgresql://somebody:***@127.0.0.1:9/none: PostgreSQL: "), std::string::npos) << text;
    EXPECT_EQ(text.find("secret"), std::string::npos);
    EXPECT_EQ(text.find('\n'), std::string::npos);
  }
  try {
    Store store("postgresql://127.0.0.1:9/none?user=somebody&password=secret&connect_timeout=1");
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("password=***&connect_timeout=1"), std::string::npos) << text;
    EXPECT_EQ(text.find("secret"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Server, SlowPostgres, ::testing::Values("postgres"));

}  // namespace
}  // namespace oneproxy::test
