#include "node_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "oneproxy/base/error.hpp"

namespace oneproxy {

NodeProcess::NodeProcess(const std::string& script, const std::string& argument) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw InputError("node", std::string("no pipe to another process: ") + std::strerror(errno));
  }
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    dup2(ends[1], STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDERR_FILENO);  // remarks on modules; failures come as answers
    execlp("node", "node", "-e", script.c_str(), argument.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  close(ends[1]);
  to_ = from_ = ends[0];
  if (pid_ < 0) throw InputError("node", std::string("cannot be started: ") + std::strerror(errno));
}

NodeProcess::~NodeProcess() {
  close(to_);
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::string NodeProcess::ask(std::string_view line) {
  std::string text(line);
  text += '\n';
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t n = send(to_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw InputError("node", "ended; is it installed, in version 16 or newer?");
    sent += static_cast<std::size_t>(n);
  }
  std::array<char, 65536> buffer;
  for (;;) {
    if (const auto end = rest_.find('\n'); end != std::string::npos) {
      std::string answer = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      return answer;
    }
    const ssize_t n = recv(from_, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw InputError("node", "ended without an answer; is it installed, in version 16 or newer?");
    rest_.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace oneproxy
