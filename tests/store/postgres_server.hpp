#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "oneproxy/base/error.hpp"
#include "oneproxy/store/store.hpp"

namespace oneproxy::test {

/// A server of its own, with its data in a folder of its own; one for all tests.
class PostgresServer {
 public:
  static PostgresServer& get() {
    static PostgresServer server;
    return server;
  }

  /// Why there is none; "" where it runs.
  const std::string& absent() const { return absent_; }
  std::string url() const { return "postgresql://postgres@/postgres?host=" + folder_.string() + "&port=54329"; }

  bool start() {
    return as_postgres(control("start -w -o \"-k " + folder_.string() + " -p 54329 -c listen_addresses=\""));
  }
  /// As if the machine had lost power.
  bool crash() { return as_postgres(control("stop -m immediate")); }
  bool sql(const std::string& statement) {
    return as_postgres(programs_ + "/psql -q -h " + folder_.string() + " -p 54329 -c \"" + statement + "\" postgres");
  }

 private:
  PostgresServer() {
    std::error_code error;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", error)) {
      programs_ = (version.path() / "bin").string();
    }
    if (programs_.empty() || !std::filesystem::exists(programs_ + "/initdb")) {
      absent_ = "no PostgreSQL server is installed (Debian: postgresql)";
      return;
    }
    try {
      Store("postgresql://x");
    } catch (const InputError& what) {
      if (std::string(what.what()).find("has no PostgreSQL") != std::string::npos) absent_ = what.what();
    }
    if (!absent_.empty()) return;
    std::string pattern = (std::filesystem::temp_directory_path() / "oneproxy-pg-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    if (geteuid() == 0 && std::system(("chown postgres " + folder_.string()).c_str()) != 0)
      absent_ = "no user postgres";
    if (absent_.empty() &&
        !as_postgres(programs_ + "/initdb -N -A trust -U postgres -D " + folder_.string() + "/data")) {
      absent_ = "initdb failed";
    }
    if (absent_.empty() && !start()) absent_ = "the server does not start";
  }
  ~PostgresServer() {
    if (folder_.empty()) return;
    if (absent_.empty()) crash();
    std::filesystem::remove_all(folder_);
  }

  std::string control(const std::string& what) const {
    return programs_ + "/pg_ctl -D " + folder_.string() + "/data -l " + folder_.string() + "/log " + what;
  }
  /// The server refuses to run as root.
  bool as_postgres(const std::string& command) const {
    const std::string user = geteuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --clear-groups " : "";
    return std::system(("cd / && " + user + command + " > /dev/null 2>&1").c_str()) == 0;
  }

  std::string programs_;
  std::filesystem::path folder_;
  std::string absent_;
};

}  // namespace oneproxy::test
