#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oneproxy {

/// Reads CSV line by line: fields between commas, quoted where they hold commas or quotes (doubled then); no field goes
/// over a line's end. Keeps a view of the content.
class CsvReader {
 public:
  /// `name` stands in messages.
  CsvReader(std::string_view content, std::string name) : rest_(content), name_(std::move(name)) {}

  /// The next line that is not empty, and until the first such line (the header) does not begin with #; false at the
  /// end. @throws InputError for a quote that does not end.
  bool next(std::vector<std::string>& fields);
  std::size_t line() const { return line_; }
  /// "FILE, line N", with ", column NAME" where `column` is not empty.
  std::string where(std::string_view column = {}) const;

 private:
  std::string_view rest_;
  std::string name_;
  std::size_t line_ = 0;
  bool header_seen_ = false;
};

}  // namespace oneproxy
