// Ctrl-C where what is waited for does not answer.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
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
  /// Whether somebody connects within 20 s.
  bool wait_for_connection() const {
    pollfd entry{.fd = socket_, .events = POLLIN, .revents = 0};
    return poll(&entry, 1, 20'000) == 1;
  }

 private:
  int socket_;
  int number_ = 0;
};

class Interrupt : public testing::Test {
 protected:
  /// Ctrl-C once the program waits for the silent agent. Where it does not end within ten seconds it is killed, which
  /// is another status: an agent is waited for 120 s, and its answer 30 s.
  void expect_stop(const SilentPort& silent, const std::string& text) {
    const auto err = folder_ / "stderr";
    const pid_t program = fork();
    if (program == 0) {
      const std::string command =
          "exec " + std::string(ONEPROXY_PROGRAM) + " " + text + " > /dev/null 2> " + err.string();
      execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    const bool connected = silent.wait_for_connection();
    kill(program, SIGINT);
    int status = 0;
    for (int i = 0; i < 1000 && waitpid(program, &status, WNOHANG) == 0; ++i) usleep(10'000);
    if (kill(program, SIGKILL) == 0) waitpid(program, &status, 0);
    if (slurp(err).find("this build has no HTTP") != std::string::npos) GTEST_SKIP() << slurp(err);
    EXPECT_TRUE(connected);
    ASSERT_TRUE(WIFEXITED(status)) << text;
    EXPECT_EQ(WEXITSTATUS(status), 130) << text << ": " << slurp(err);
    const std::string said = slurp(err);
    EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
  }

  TemporaryFolder folder_;
};

TEST_F(Interrupt, SlowStopsWhereAnAgentCannotBeReached) {
  const Outcome outcome = oneproxy_command(
      folder_, "measure --device 'agent(url=http://127.0.0.1:9)' --out " + (folder_ / "latency.csv").string(), "",
      "timeout --foreground --preserve-status -s INT -k 10 2");
  if (outcome.err.find("this build has no HTTP") != std::string::npos) GTEST_SKIP() << outcome.err;
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
}

TEST_F(Interrupt, StopsWhereAnAgentDoesNotAnswer) {
  for (const std::string command : {"measure --device ", "run --target "}) {
    const SilentPort silent;
    expect_stop(silent, command + "'agent(url=http://127.0.0.1:" + std::to_string(silent.number()) + ")' --out " +
                            (folder_ / "out").string());
  }
}

TEST_F(Interrupt, StopsACampaignThatWaitsForAnAgent) {
  const SilentPort silent;
  const auto plan = folder_ / "plan.json";
  std::ofstream(plan) << R"j({"spaces": ["mobilenet_v2(resolution=28, width=0.5, channels=1, classes=10)"],
    "devices": ["agent(url=http://127.0.0.1:)j"
                      << silent.number() << ")\"]}";
  expect_stop(silent, "campaign " + plan.string() + " --out " + (folder_ / "campaign").string());
}

}  // namespace
}  // namespace oneproxy::test
