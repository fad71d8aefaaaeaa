#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace oneproxy::test {

/// What a command left behind.
struct Outcome {
  int status = 0;  ///< exit status, or 128 + signal
  std::string out;
  std::string err;
  nlohmann::json json() const { return nlohmann::json::parse(out); }
  std::size_t error_lines() const { return static_cast<std::size_t>(std::count(err.begin(), err.end(), '\n')); }
};

inline std::string slurp(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

/// A folder of its own for each test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "oneproxy-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Runs `oneproxy ARGUMENTS` in a shell; `before` is shell text ahead of it, e.g. "ulimit -f 1;",
/// `under` a program that runs it, e.g. "timeout 1".
inline Outcome oneproxy_command(const TemporaryFolder& folder, const std::string& arguments,
                                const std::string& before = "", const std::string& under = "") {
  const auto out = folder / "stdout";
  const auto err = folder / "stderr";
  const std::string command = "(" + before + " exec " + under + " " + std::string(ONEPROXY_PROGRAM) + " " + arguments +
                              ") > " + out.string() + " 2> " + err.string() + " < /dev/null";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), slurp(out), slurp(err)};
}

}  // namespace oneproxy::test
