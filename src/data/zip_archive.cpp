#include "zip_archive.hpp"

#include <algorithm>
#include <cstdint>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

class ZipReader {
 public:
  ZipReader(std::string_view content, const std::string& name) : content_(content), name_(name) {}

  std::map<std::string, std::string_view> entries() const {
    auto [count, at] = directory();
    std::map<std::string, std::string_view> result;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (number(at, 4) != 0x02014b50) fail("its directory is damaged");
      const std::uint64_t name_size = number(at + 28, 2);
      const std::uint64_t extra_size = number(at + 30, 2);
      const std::string entry(bytes(at + 46, name_size));
      if (number(at + 10, 2) != 0) fail("the entry '" + entry.substr(0, 100) + "' is compressed; expected stored ones");
      std::uint64_t size = number(at + 20, 4);
      std::uint64_t offset = number(at + 42, 4);
      wide_numbers(at + 46 + name_size, extra_size, number(at + 24, 4) == all_ones, size, offset);
      if (number(offset, 4) != 0x04034b50) fail("an entry is damaged");
      const std::uint64_t start = offset + 30 + number(offset + 26, 2) + number(offset + 28, 2);
      result[entry] = bytes(start, size);
      at += 46 + name_size + extra_size + number(at + 32, 2);
    }
    return result;
  }

 private:
  static constexpr std::uint64_t all_ones = 0xffffffff;

  [[noreturn]] void fail(const std::string& what) const { throw InputError(name_, "zip archive: " + what); }

  std::string_view bytes(std::uint64_t at, std::uint64_t count) const {
    if (at > content_.size() || count > content_.size() - at) fail("it is cut off");
    return content_.substr(at, count);
  }
  std::uint64_t number(std::uint64_t at, std::size_t byte_count) const {
    std::uint64_t value = 0;
    const auto part = bytes(at, byte_count);
    for (std::size_t i = byte_count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(part[i]);
    return value;
  }

  /// Number of entries and place of the directory.
  std::pair<std::uint64_t, std::uint64_t> directory() const {
    constexpr std::size_t end_size = 22;
    constexpr std::size_t longest_comment = 65'535;
    const std::size_t first = content_.size() - std::min(content_.size(), end_size + longest_comment);
    const auto at = content_.substr(first).rfind(std::string_view("PK\x05\x06"));
    if (at == std::string_view::npos) fail("it has no directory");
    const std::uint64_t end = first + at;
    std::uint64_t count = number(end + 10, 2);
    std::uint64_t place = number(end + 16, 4);
    if (place == all_ones || count == 0xffff) {
      if (end < 20 || number(end - 20, 4) != 0x07064b50) fail("its directory is damaged");
      const std::uint64_t wide = number(end - 12, 8);
      if (number(wide, 4) != 0x06064b50) fail("its directory is damaged");
      count = number(wide + 32, 8);
      place = number(wide + 48, 8);
    }
    return {count, place};
  }

  /// Sizes and places beyond 32 bits, which stand in an extra field, one after the other where needed.
  void wide_numbers(std::uint64_t at, std::uint64_t extra_size, bool wide_plain_size, std::uint64_t& size,
                    std::uint64_t& offset) const {
    const std::uint64_t end = at + extra_size;
    while (at + 4 <= end) {
      const std::uint64_t field_size = number(at + 2, 2);
      if (number(at, 2) == 1) {
        std::uint64_t next = at + 4 + (wide_plain_size ? 8 : 0);
        if (size == all_ones) {
          size = number(next, 8);
          next += 8;
        }
        if (offset == all_ones) offset = number(next, 8);
        return;
      }
      at += 4 + field_size;
    }
  }

  std::string_view content_;
  const std::string& name_;
};

}  // namespace

std::map<std::string, std::string_view> zip_entries(std::string_view content, const std::string& name) {
  return ZipReader(content, name).entries();
}

}  // namespace oneproxy
