#include "fleet_log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "oneproxy/base/error.hpp"
#include "oneproxy/pipeline/fleet.hpp"

namespace oneproxy {

void check_fleet_folder(const std::filesystem::path& folder, bool resume) {
  std::error_code error;
  if (std::filesystem::exists(folder, error) && !std::filesystem::is_directory(folder, error)) {
    throw InputError(folder.string(), "is a file; expected a folder for the results");
  }
  const auto file = folder / "devices.jsonl";
  if (!resume && std::filesystem::exists(file, error)) {
    throw InputError(file.string(), "is a fleet's results already; go on with --resume or name another folder");
  }
}

FleetLog::FleetLog(std::filesystem::path file, std::string_view header) : file_(std::move(file)) {
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("cannot be opened");
  try {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) throw InputError(file_.string(), "is in use by another process");
    keep_whole_lines(header);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

FleetLog::~FleetLog() { ::close(descriptor_); }

void FleetLog::fail(const char* what) const {
  throw InputError(file_.string(), std::string(what) + ": " + std::strerror(errno));
}

void FleetLog::keep_whole_lines(std::string_view header) {
  std::array<char, 1 << 16> buffer;
  std::string first;
  std::size_t lines = 0;
  off_t whole = 0;  // bytes up to the end of the last whole line
  off_t read_bytes = 0;
  for (;;) {
    const ssize_t count = ::read(descriptor_, buffer.data(), buffer.size());
    if (count < 0) fail("cannot be read");
    if (count == 0) break;
    for (ssize_t i = 0; i < count; ++i) {
      if (lines == 0 && buffer[static_cast<std::size_t>(i)] != '\n') first += buffer[static_cast<std::size_t>(i)];
      if (buffer[static_cast<std::size_t>(i)] != '\n') continue;
      ++lines;
      whole = read_bytes + i + 1;
    }
    read_bytes += count;
  }
  if (::ftruncate(descriptor_, whole) != 0) fail("cannot be cut off after its last whole line");
  if (lines == 0) {
    // Nothing, or half a header: as good as new.
    write(std::string(header) + "\n");
  } else if (first != header) {
    throw InputError(file_.string() + ", line 1",
                     "is of a fleet with other settings, devices or samples; expected " + std::string(header));
  }
  kept_count_ = lines == 0 ? 0 : lines - 1;
}

void FleetLog::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void FleetLog::append(std::string_view line) {
  // One call for each line, so that an end in between leaves at most the last one torn.
  write(std::string(line) + "\n");
  if (std::chrono::steady_clock::now() - synced_ >= sync_interval) sync();
}

void FleetLog::sync() {
  if (::fdatasync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) fail("cannot be written");
  synced_ = std::chrono::steady_clock::now();
}

}  // namespace oneproxy
