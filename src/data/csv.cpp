#include "csv.hpp"

#include <algorithm>

#include "oneproxy/base/error.hpp"

namespace oneproxy {

std::string CsvReader::where(std::string_view column) const {
  return name_ + ", line " + std::to_string(line_) + (column.empty() ? "" : ", column " + std::string(column));
}

bool CsvReader::next(std::vector<std::string>& fields) {
  std::string_view line;
  do {
    if (rest_.empty()) return false;
    line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(rest_.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++line_;
  } while (line.empty() || (!header_seen_ && line.starts_with('#')));
  header_seen_ = true;

  fields.clear();
  for (std::size_t at = 0;; ++at) {
    std::string field;
    if (at < line.size() && line[at] == '"') {
      for (++at;; ++at) {
        if (at == line.size()) throw InputError(where(), "a quote does not end");
        if (line[at] != '"') {
          field += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          field += line[at++];
        } else {
          ++at;
          break;
        }
      }
      if (at < line.size() && line[at] != ',') throw InputError(where(), "expected a comma behind a quote");
    } else {
      const std::size_t end = std::min(line.find(',', at), line.size());
      field = line.substr(at, end - at);
      at = end;
    }
    fields.push_back(std::move(field));
    if (at >= line.size()) return true;
  }
}

}  // namespace oneproxy
