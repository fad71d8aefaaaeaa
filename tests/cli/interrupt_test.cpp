// Ctrl-C where what is waited for does not answer.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "command.hpp"

namespace oneproxy::test {
namespace {

/// A port of this machine that takes connections and never answers.
class SilentPort {
 public:
  SilentPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(socket_, 8) != 0) return;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    number_ = ntohs(address.sin_port);
  }
  ~SilentPort() { close(socket_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;

  int number() const { return number_; }

 private:
  int socket_;
  int number_ = 0;
};

class Interrupt : public testing::Test {
 protected:
  /// Ctrl-C after half a second; where the program does not end within ten it is killed, which is another status. An
  /// agent is waited for 120 s, and its answer 30 s.
  void expect_stop(const std::string& arguments) {
    const Outcome outcome =
        oneproxy_command(folder_, arguments, "", "timeout --foreground --preserve-status -s INT -k 10 0.5");
    if (outcome.err.find("this build has no HTTP") != std::string::npos) GTEST_SKIP() << outcome.err;
    EXPECT_EQ(outcome.status, 130) << arguments << ": " << outcome.err;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
  }

  TemporaryFolder folder_;
  SilentPort silent_;
};

TEST_F(Interrupt, StopsWhereAnAgentCannotBeReached) {
  expect_stop("measure --device 'agent(url=http://127.0.0.1:9)' --out " + (folder_ / "latency.csv").string());
}

TEST_F(Interrupt, StopsWhereAnAgentDoesNotAnswer) {
  const std::string device = "'agent(url=http://127.0.0.1:" + std::to_string(silent_.number()) + ")'";
  expect_stop("measure --device " + device + " --out " + (folder_ / "latency.csv").string());
  expect_stop("run --target " + device + " --out " + (folder_ / "run").string());
}

TEST_F(Interrupt, StopsACampaignThatWaitsForAnAgent) {
  const auto plan = folder_ / "plan.json";
  std::ofstream(plan) << R"j({"spaces": ["mobilenet_v2(resolution=28, width=0.5, channels=1, classes=10)"],
    "devices": ["agent(url=http://127.0.0.1:)j"
                      << silent_.number() << ")\"]}";
  expect_stop("campaign " + plan.string() + " --out " + (folder_ / "campaign").string());
}

}  // namespace
}  // namespace oneproxy::test
