#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace oneproxy {

class SearchSpace;
class Store;

/// Tells others how far a campaign is: live.json in its folder (docs/formats/result.md), written anew at most once a
/// second. The file is there only while the campaign runs, or after it was killed. Not safe to share between threads.
class LiveLog {
 public:
  /// What `run` of `store` measures on `target`. All must outlive it.
  LiveLog(const std::filesystem::path& folder, const Store& store, std::int64_t run, const SearchSpace& space,
          std::string target);
  ~LiveLog();
  LiveLog(const LiveLog&) = delete;
  LiveLog& operator=(const LiveLog&) = delete;

  /// Call it now and then, e.g. where progress is reported. @throws InputError where the file cannot be written.
  void update();

 private:
  std::filesystem::path file_;
  const Store& store_;
  std::int64_t run_;
  const SearchSpace& space_;
  std::string target_;
  std::chrono::steady_clock::time_point written_at_;
};

/// What a page shows of a folder: {"state": "running" | "stopped" | "none", "space", "target", "measurements": [{role,
/// text, median, low, high, when}], "result_written": time of its result.json or ""}. Never throws for what the files
/// hold.
nlohmann::json read_live(const std::filesystem::path& folder);

}  // namespace oneproxy
