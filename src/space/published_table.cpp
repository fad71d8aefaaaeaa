#include "oneproxy/space/published_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "table_note.hpp"

namespace oneproxy {
namespace {

/// The fields of one line, without the quotes around them (no field of these tables holds a comma).
void split(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  for (;;) {
    const auto comma = line.find(',');
    auto field = line.substr(0, comma);
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
    fields.push_back(field);
    if (comma == std::string_view::npos) return;
    line.remove_prefix(comma + 1);
  }
}

double parse_value(std::string_view field, const std::string& file, std::size_t line, const std::string& column) {
  if (field.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size() || std::isinf(value)) {
    throw InputError(file + ", line " + std::to_string(line) + ", column " + column,
                     "'" + std::string(field) + "' is not a finite number (an empty field is a missing value)");
  }
  return value;
}

}  // namespace

ArchTable read_published_table(const std::filesystem::path& file, const SearchSpace& space) {
  const std::string content = read_file(file);
  const std::string name = file.string();
  ArchTable table;
  table.file = file;
  std::vector<double> values;
  std::vector<std::string_view> fields;
  std::size_t keys = space.key_field_count();
  std::size_t number = 0;
  std::string key;
  for (std::string_view rest = content; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (table.columns.empty() && line.starts_with('#')) {
      take_note(line, number, space, table);
      continue;
    }
    split(line, fields);
    if (table.columns.empty()) {
      if (fields.front() == "architecture") keys = 1;
      if (fields.size() <= keys) {
        throw InputError(name + ", line " + std::to_string(number), "expected a header of " + std::to_string(keys) +
                                                                        " columns for the architecture and at least "
                                                                        "one device; found " +
                                                                        std::to_string(fields.size()) + " columns");
      }
      table.columns.assign(fields.begin() + static_cast<std::ptrdiff_t>(keys), fields.end());
      continue;
    }
    if (fields.size() != keys + table.columns.size()) {
      throw InputError(
          name + ", line " + std::to_string(number),
          "has " + std::to_string(fields.size()) + " fields; expected " + std::to_string(keys + table.columns.size()));
    }
    key.clear();
    for (std::size_t i = 0; i < keys; ++i) (key += i > 0 ? "." : "") += fields[i];
    try {
      table.architectures.push_back(space.parse(key));
    } catch (const InputError& error) {
      throw InputError(name + ", line " + std::to_string(number), error.what());
    }
    table.lines.push_back(number);
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      values.push_back(parse_value(fields[keys + c], name, number, table.columns[c]));
    }
  }
  const bool is_ours = std::ranges::any_of(table.notes, [](const auto& note) { return note.first == "space"; });
  if (is_ours && !content.ends_with('\n')) {
    throw InputError(name + ", line " + std::to_string(number),
                     "does not end with a newline; the file seems to be truncated");
  }
  if (table.architectures.empty()) throw InputError(name, "has no rows; expected a header and one architecture a line");
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  table.values = Eigen::Map<const RowMajor>(values.data(), static_cast<Eigen::Index>(table.architectures.size()),
                                            static_cast<Eigen::Index>(table.columns.size()));
  return table;
}

}  // namespace oneproxy
