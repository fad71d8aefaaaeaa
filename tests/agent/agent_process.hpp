#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace oneproxy::test {

/// Processes whose parent is `parent`, as /proc tells them.
inline std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream stat(entry.path() / "stat");
    std::string text;
    std::getline(stat, text);
    const auto end = text.rfind(')');  // the program's name may hold anything
    if (end == std::string::npos || end + 4 >= text.size()) continue;
    if (std::atoi(text.c_str() + end + 4) == parent) children.push_back(std::atoi(name.c_str()));
  }
  return children;
}

/// An oneproxy-agent of its own, killed at the end.
class AgentProcess {
 public:
  /// `runner` is a program that runs it, e.g. an emulator, or "".
  explicit AgentProcess(const std::vector<std::string>& arguments, const std::string& program = ONEPROXY_AGENT,
                        const std::string& runner = "") {
    int ends[2];
    if (pipe(ends) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      close(ends[1]);
      std::vector<std::string> words{program};
      if (!runner.empty()) words.insert(words.begin(), runner);
      words.insert(words.end(), arguments.begin(), arguments.end());
      std::vector<char*> pointers;
      pointers.reserve(words.size() + 1);
      for (auto& word : words) pointers.push_back(word.data());
      pointers.push_back(nullptr);
      execvp(pointers[0], pointers.data());
      _exit(127);
    }
    close(ends[1]);
    std::string line;
    for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) line += c;
    close(ends[0]);
    const std::string prefix = "listening on ";
    if (line.starts_with(prefix)) url_ = line.substr(prefix.size());
  }
  ~AgentProcess() { kill_now(); }
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  /// "" where it does not run.
  const std::string& url() const { return url_; }
  std::string port() const { return url_.substr(url_.rfind(':') + 1); }
  pid_t pid() const { return pid_; }

  void kill_now() {
    if (pid_ > 0) kill(pid_, SIGKILL);
    wait_end();
  }
  /// Its exit status, or 128 + signal.
  int wait_end() {
    if (pid_ > 0) {
      int status = 0;
      waitpid(pid_, &status, 0);
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      pid_ = -1;
    }
    return status_;
  }
  bool running() const {
    siginfo_t ended{};  // kill(pid, 0) would also find a process that ended and was not waited for
    return pid_ > 0 && waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == 0;
  }

 private:
  pid_t pid_ = -1;
  int status_ = 0;
  std::string url_;
};

}  // namespace oneproxy::test
