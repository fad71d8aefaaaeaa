#include "oneproxy/base/file.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace fs = std::filesystem;

std::string read_file(const fs::path& file) {
  std::error_code error;
  if (fs::is_directory(file, error)) throw InputError(file.string(), "is a folder; expected a file");
  std::ifstream in(file, std::ios::binary);
  if (!in) throw InputError(file.string(), std::string("cannot be read: ") + std::strerror(errno));
  std::ostringstream content;
  content << in.rdbuf();
  if (in.bad()) throw InputError(file.string(), "could not be read to its end");
  return std::move(content).str();
}

void write_file(const fs::path& file, std::string_view content) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  // A device or pipe (/dev/stdout) is written to; renaming would put a plain file in its place.
  const bool special = fs::exists(file, error) && !fs::is_regular_file(file, error);
  const fs::path part = special ? file : fs::path(file.string() + ".part");
  errno = 0;
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) {
    const std::string reason = errno != 0 ? std::strerror(errno) : "write error";
    if (!special) fs::remove(part, error);
    throw InputError(file.string(), "cannot be written: " + reason);
  }
  if (special) return;
  fs::rename(part, file, error);
  if (error) throw InputError(file.string(), "cannot be written: " + error.message());
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace oneproxy
