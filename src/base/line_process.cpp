#include "oneproxy/base/line_process.hpp"

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

LineProcess::LineProcess(const std::vector<std::string>& command, std::string hint)
    : program_(command.at(0)), hint_(std::move(hint)) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw InputError(program_, std::string("no pipe to another process: ") + std::strerror(errno));
  }
  std::vector<char*> arguments;
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    dup2(ends[1], STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDERR_FILENO);  // remarks; failures come as answers
    execvp(arguments.front(), arguments.data());
    _exit(127);
  }
  close(ends[1]);
  socket_ = ends[0];
  if (pid_ < 0) {
    close(socket_);
    throw InputError(program_, std::string("cannot be started: ") + std::strerror(errno));
  }
}

LineProcess::~LineProcess() {
  close(socket_);
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::string LineProcess::ask(std::string_view line) {
  std::string text(line);
  text += '\n';
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t n = send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw InputError(program_, "ended; " + hint_);
    sent += static_cast<std::size_t>(n);
  }
  std::array<char, 65536> buffer;
  for (;;) {
    if (const auto end = rest_.find('\n'); end != std::string::npos) {
      std::string answer = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      return answer;
    }
    const ssize_t n = recv(socket_, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw InputError(program_, "ended without an answer; " + hint_);
    rest_.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace oneproxy
