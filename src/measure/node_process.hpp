#pragma once

#include <string>
#include <string_view>

namespace oneproxy {

/// A node (JavaScript) process that runs one script and answers each line with a line. It ends with the thread that
/// started it. Not safe to share between threads.
class NodeProcess {
 public:
  /// @throws InputError where there is no node.
  NodeProcess(const std::string& script, const std::string& argument);
  ~NodeProcess();
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  /// @throws InputError where the process is gone.
  std::string ask(std::string_view line);

 private:
  int to_ = -1;
  int from_ = -1;
  int pid_ = -1;
  std::string rest_;  // read, but after the last line
};

}  // namespace oneproxy
