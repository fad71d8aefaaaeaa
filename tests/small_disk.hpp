#pragma once

#include <sys/mount.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace oneproxy::test {

/// A file system of its own in memory, with as little space as a test wants; gone at the end. It needs the right to
/// mount one (root).
class SmallDisk {
 public:
  explicit SmallDisk(int kilobytes) {
    std::string pattern = (std::filesystem::temp_directory_path() / "oneproxy-disk-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    mounted_ = mount("oneproxy-test", folder_.c_str(), "tmpfs", 0, size(kilobytes).c_str()) == 0;
    if (!mounted_) absent_ = std::string("no file system can be mounted here: ") + std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
    std::error_code error;
    std::filesystem::remove(folder_, error);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// Why there is none; "" where there is.
  const std::string& absent() const { return absent_; }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  /// Gives it another size, as if somebody had made room. False where that is refused.
  bool resize(int kilobytes) {
    return mount("oneproxy-test", folder_.c_str(), "tmpfs", MS_REMOUNT, size(kilobytes).c_str()) == 0;
  }

 private:
  static std::string size(int kilobytes) { return "size=" + std::to_string(kilobytes) + "k"; }

  std::filesystem::path folder_;
  bool mounted_ = false;
  std::string absent_;
};

}  // namespace oneproxy::test
