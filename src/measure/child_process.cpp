#include "child_process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <utility>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

/// Waits for input; false after `timeout_s` of silence.
bool wait_readable(int descriptor, double timeout_s) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  for (;;) {
    int wait_ms = -1;
    if (timeout_s >= 0) {
      const double left_s = timeout_s - std::chrono::duration<double>(Clock::now() - start).count();
      if (left_s <= 0) return false;
      wait_ms = static_cast<int>(std::min(left_s * 1e3, 1e9)) + 1;
    }
    pollfd entry{.fd = descriptor, .events = POLLIN, .revents = 0};
    if (poll(&entry, 1, wait_ms) > 0) return true;  // an interrupted or ended poll looks at the clock again
  }
}

void prepare_child() {
  signal(SIGINT, SIG_IGN);
  for (const int number : {SIGTERM, SIGPIPE, SIGHUP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

MessagePipe::~MessagePipe() {
  if (descriptor_ >= 0) close(descriptor_);
}
MessagePipe::MessagePipe(MessagePipe&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
MessagePipe& MessagePipe::operator=(MessagePipe&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

bool MessagePipe::send(std::string_view message) {
  const std::uint64_t size = message.size();
  std::string framed(reinterpret_cast<const char*>(&size), sizeof size);
  framed += message;
  for (std::size_t sent = 0; sent < framed.size();) {
    const ssize_t n = ::send(descriptor_, framed.data() + sent, framed.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

MessagePipe::Outcome MessagePipe::receive(std::string& message, double timeout_s) {
  // A message that has begun is waited for longer: given up in its middle, the next would begin with its rest.
  bool begun = false;
  const auto fill = [&](char* into, std::size_t size) {
    for (std::size_t got = 0; got < size;) {
      const double patience_s = begun && timeout_s >= 0 ? std::max(timeout_s, 60.0) : timeout_s;
      if (!wait_readable(descriptor_, patience_s)) return Outcome::timeout;
      const ssize_t n = recv(descriptor_, into + got, size - got, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return Outcome::closed;
      begun = true;
      got += static_cast<std::size_t>(n);
    }
    return Outcome::message;
  };
  std::uint64_t size = 0;
  if (const auto outcome = fill(reinterpret_cast<char*>(&size), sizeof size); outcome != Outcome::message) {
    return outcome;
  }
  message.resize(size);
  return fill(message.data(), size);
}

ChildProcess::ChildProcess(const std::function<void(MessagePipe&)>& body) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw InputError("this machine", std::string("no pipe to another process: ") + std::strerror(errno));
  }
  pipe_.emplace(ends[0]);
  MessagePipe child_end(ends[1]);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw InputError("this machine", std::string("cannot start another process: ") + std::strerror(errno));
  if (pid_ > 0) return;

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);  // it died before the line above
  prepare_child();
  pipe_.reset();
  try {
    body(child_end);
  } catch (...) {
    _exit(3);
  }
  _exit(0);  // the parent's exit handlers and buffered output are not ours
}

ChildProcess::~ChildProcess() { end(); }

void ChildProcess::reap(bool wait) {
  while (pid_ > 0) {
    const pid_t done = waitpid(pid_, &status_, wait ? 0 : WNOHANG);
    if (done < 0 && errno == EINTR) continue;
    if (done != 0) pid_ = -1;
    if (!wait) return;
  }
}

bool ChildProcess::running() {
  reap(false);
  return pid_ > 0;
}

std::string ChildProcess::end() {
  pipe_.reset();
  if (pid_ > 0) kill(pid_, SIGKILL);
  reap(true);
  if (WIFSIGNALED(status_)) {
    const int number = WTERMSIG(status_);
    return "crashed with signal " + std::to_string(number) + " (" + strsignal(number) + ")";
  }
  return "left with exit status " + std::to_string(WEXITSTATUS(status_));
}

}  // namespace oneproxy
