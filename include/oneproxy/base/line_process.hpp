#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oneproxy {

/// A program that answers each line with a line. What it writes to stderr is dropped. It ends with the thread that
/// started it. Not safe to share between threads.
class LineProcess {
 public:
  /// `command`: program, found on the path, and its arguments. `hint`: what to look at where it is gone.
  LineProcess(const std::vector<std::string>& command, std::string hint);
  ~LineProcess();
  LineProcess(const LineProcess&) = delete;
  LineProcess& operator=(const LineProcess&) = delete;

  /// @throws InputError where the process is gone.
  std::string ask(std::string_view line);

 private:
  std::string program_;
  std::string hint_;
  int socket_ = -1;
  int pid_ = -1;
  std::string rest_;  // read, but after the last line
};

}  // namespace oneproxy
