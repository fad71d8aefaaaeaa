#include "oneproxy/base/shell_command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "oneproxy/base/error.hpp"

extern char** environ;

namespace oneproxy {
namespace {

/// A process group that is killed and waited for at the end.
class Group {
 public:
  Group(const std::string& text, int output) {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    std::string shell = "/bin/sh";
    std::string option = "-c";
    std::string command = text;
    const std::array<char*, 4> arguments{shell.data(), option.data(), command.data(), nullptr};
    const int error = posix_spawn(&pid_, shell.c_str(), &files, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) throw InputError("/bin/sh", std::string("cannot be started: ") + std::strerror(error));
  }
  ~Group() {
    if (pid_ > 0) kill(-pid_, SIGKILL);
    while (pid_ > 0 && !ended_ && waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  bool ended() {
    if (!ended_) ended_ = waitpid(pid_, &status_, WNOHANG) == pid_;
    return ended_;
  }
  int status() const { return status_; }

 private:
  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      throw InputError("this machine", std::string("no pipe to another process: ") + std::strerror(errno));
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_end(std::size_t end) {
    if (ends[end] >= 0) close(std::exchange(ends[end], -1));
  }
};

}  // namespace

CommandOutcome run_shell_command(const std::string& text, const CommandLimits& limits,
                                 const std::function<void()>& tick) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  Pipe pipe;
  Group group(text, pipe.ends[1]);
  pipe.close_end(1);
  CommandOutcome outcome;
  std::array<char, 65536> buffer;
  /// Takes what is there; false once nobody can write any more.
  const auto drain = [&] {
    for (;;) {
      const ssize_t n = read(pipe.ends[0], buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return n < 0;
      outcome.output.append(buffer.data(), static_cast<std::size_t>(n));
      if (outcome.output.size() > limits.output_bytes) return true;
    }
  };
  bool open = true;
  for (;;) {
    const bool ended = group.ended();  // before reading: what it wrote is then in the pipe
    if (open) open = drain();
    if (outcome.output.size() > limits.output_bytes) {
      outcome.end = CommandOutcome::End::too_much_output;
      return outcome;
    }
    if (ended) break;
    if (std::chrono::duration<double>(Clock::now() - start).count() > limits.timeout_s) {
      outcome.end = CommandOutcome::End::timed_out;
      return outcome;
    }
    if (tick) tick();
    pollfd entry{.fd = open ? pipe.ends[0] : -1, .events = POLLIN, .revents = 0};
    // With its pipe closed the end of a process wakes nobody; most commands end right after their last line.
    poll(&entry, 1, open ? 200 : 5);
  }
  const bool killed = WIFSIGNALED(group.status());
  outcome.end = killed ? CommandOutcome::End::killed : CommandOutcome::End::left;
  outcome.status = killed ? WTERMSIG(group.status()) : WEXITSTATUS(group.status());
  return outcome;
}

std::string CommandOutcome::words() const {
  std::string text;
  switch (end) {
    case End::left:
      text = "left with exit status " + std::to_string(status);
      if (status == 127) text += " (no such program)";
      break;
    case End::killed:
      text = "was ended by signal " + std::to_string(status) + " (" + strsignal(status) + ")";
      break;
    case End::timed_out:
      text = "did not end in time and was killed";
      break;
    case End::too_much_output:
      text = "printed too much and was killed";
      break;
  }
  const std::string line = last_line(output);
  return line.empty() ? text + "; it printed nothing" : text + "; its last line: " + line;
}

std::string shell_word(std::string_view value) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+,@%";
  if (!value.empty() && value.find_first_not_of(plain) == std::string_view::npos) return std::string(value);
  std::string word = "'";
  for (const char c : value) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + '\'';
}

std::string last_line(std::string_view output) {
  const auto end = output.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return "";
  output = output.substr(0, end + 1);
  const auto begin = output.find_last_of("\r\n");
  output = output.substr(begin == std::string_view::npos ? 0 : begin + 1);
  std::string line(output.substr(0, 200));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = '?';
  }
  return line;
}

}  // namespace oneproxy
