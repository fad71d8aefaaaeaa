#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace oneproxy {

/// A file of lines that outlives a crash: a header, then one line for each piece of work. What append() returned for
/// survives the process; after sync_interval also the machine. Not safe to share between threads.
class FleetLog {
 public:
  /// Makes the file, or goes on with it: what follows the last whole line is cut off.
  /// @throws InputError where the file has another header, is in use, or cannot be written.
  FleetLog(std::filesystem::path file, std::string_view header);
  ~FleetLog();
  FleetLog(const FleetLog&) = delete;
  FleetLog& operator=(const FleetLog&) = delete;

  /// Lines kept from before, without the header.
  std::size_t kept_count() const { return kept_count_; }
  /// @throws InputError where not all of it could be written; the next start cuts off what was.
  void append(std::string_view line);
  /// Everything is on disk.
  void sync();

 private:
  void keep_whole_lines(std::string_view header);
  void write(std::string_view bytes);
  [[noreturn]] void fail(const char* what) const;

  static constexpr std::chrono::seconds sync_interval{2};
  std::filesystem::path file_;
  int descriptor_ = -1;
  std::size_t kept_count_ = 0;
  std::chrono::steady_clock::time_point synced_ = std::chrono::steady_clock::now();
};

}  // namespace oneproxy
