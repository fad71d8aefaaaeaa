#include "oneproxy/space/arch_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>
#include <unordered_map>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "table_note.hpp"

namespace oneproxy {
namespace {

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t at = 0;;) {
    const auto comma = line.find(',', at);
    fields.push_back(line.substr(at, comma - at));
    if (comma == std::string_view::npos) return fields;
    at = comma + 1;
  }
}

std::string place(const std::filesystem::path& file, std::size_t line) {
  return file.string() + ", line " + std::to_string(line);
}

double parse_value(std::string_view field, const std::string& where) {
  if (field.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size() || !std::isfinite(value)) {
    throw InputError(where, "'" + std::string(field) + "' is not a finite number (an empty field is a missing value)");
  }
  return value;
}

}  // namespace

void take_note(std::string_view line, std::size_t number, const SearchSpace& space, ArchTable& table) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const auto from = line.find_first_not_of(' ', colon + 1);
  const auto key = line.substr(1, colon - 1);
  table.notes.emplace_back(key.substr(std::min(key.size(), key.find_first_not_of(' '))),
                           from == std::string_view::npos ? "" : line.substr(from));
  if (table.notes.back().first == "space" && table.notes.back().second != space.description()) {
    throw InputError(place(table.file, number),
                     "is a table of the space " + table.notes.back().second + "; expected " + space.description());
  }
}

std::size_t ArchTable::column(std::string_view name) const {
  if (name.empty() && columns.size() == 1) return 0;
  std::string known;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] == name) return i;
    known += (i > 0 ? ", " : "") + columns[i];
  }
  if (name.empty()) throw InputError(file.string(), "has several columns; expected the name of one of " + known);
  throw InputError(file.string(),
                   "has no column '" + std::string(name) + "'; there are " + known + suggestion(name, columns));
}

ArchTable read_arch_table(const std::filesystem::path& file, const SearchSpace& space) {
  const std::string content = read_file(file);
  if (content.empty()) throw InputError(file.string(), "is empty; expected a header line architecture,NAME,...");
  ArchTable table;
  table.file = file;
  std::vector<double> values;
  std::unordered_map<Architecture, std::size_t> line_of;
  bool header = false;
  std::size_t number = 0;
  for (std::size_t at = 0; at < content.size();) {
    const auto newline = content.find('\n', at);
    if (newline == std::string::npos) {
      throw InputError(place(file, number + 1), "does not end with a newline; the file seems to be truncated");
    }
    std::string_view line(content.data() + at, newline - at);
    at = newline + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (!header && line.starts_with('#')) {
      take_note(line, number, space, table);
      continue;
    }
    const auto fields = split(line);
    if (!header) {
      if (fields.front() != "architecture" || fields.size() < 2) {
        throw InputError(place(file, number), "expected a header line architecture,NAME,...");
      }
      for (std::size_t i = 1; i < fields.size(); ++i) table.columns.emplace_back(fields[i]);
      header = true;
      continue;
    }
    if (fields.size() != table.columns.size() + 1) {
      throw InputError(place(file, number), "has " + std::to_string(fields.size()) + " fields; expected " +
                                                std::to_string(table.columns.size() + 1));
    }
    Architecture x;
    try {
      x = space.parse(fields.front());
    } catch (const InputError& error) {
      throw InputError(place(file, number) + ", column architecture", error.what());
    }
    const auto [known, inserted] = line_of.emplace(x, number);
    if (!inserted) {
      throw InputError(place(file, number) + ", column architecture",
                       "the same architecture stands in line " + std::to_string(known->second));
    }
    table.architectures.push_back(x);
    table.lines.push_back(number);
    for (std::size_t i = 1; i < fields.size(); ++i) {
      values.push_back(parse_value(fields[i], place(file, number) + ", column " + table.columns[i - 1]));
    }
  }
  if (!header) throw InputError(file.string(), "has no header line architecture,NAME,...");
  if (table.architectures.empty()) throw InputError(file.string(), "has no rows; expected one architecture a line");
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  table.values = Eigen::Map<const RowMajor>(values.data(), static_cast<Eigen::Index>(table.architectures.size()),
                                            static_cast<Eigen::Index>(table.columns.size()));
  return table;
}

void write_arch_table(const std::filesystem::path& file, const SearchSpace& space, const ArchTable& table) {
  std::ostringstream out;
  out.precision(6);
  out << "# space: " << space.description() << '\n';
  for (const auto& [key, value] : table.notes) {
    if (key != "space") out << "# " << key << ": " << value << '\n';
  }
  out << "architecture";
  for (const auto& column : table.columns) out << ',' << column;
  out << '\n';
  for (std::size_t i = 0; i < table.architectures.size(); ++i) {
    out << space.text(table.architectures[i]);
    for (Eigen::Index k = 0; k < table.values.cols(); ++k) {
      const double value = table.values(static_cast<Eigen::Index>(i), k);
      out << ',';
      if (!std::isnan(value)) out << value;
    }
    out << '\n';
  }
  write_file(file, out.str());
}

ArchTable join_tables(std::span<const ArchTable> tables) {
  ArchTable joined;
  joined.file = tables.front().file;
  std::unordered_map<Architecture, Eigen::Index> row_of;
  for (const auto& table : tables) {
    for (std::size_t i = 0; i < table.architectures.size(); ++i) {
      if (row_of.emplace(table.architectures[i], static_cast<Eigen::Index>(row_of.size())).second) {
        joined.architectures.push_back(table.architectures[i]);
        joined.lines.push_back(table.lines[i]);
      }
    }
    for (const auto& column : table.columns) {
      if (std::ranges::find(joined.columns, column) != joined.columns.end()) {
        throw InputError(table.file.string() + ", column " + column, "stands in another of the tables too");
      }
      joined.columns.push_back(column);
    }
    joined.notes.insert(joined.notes.end(), table.notes.begin(), table.notes.end());
  }
  joined.values.setConstant(static_cast<Eigen::Index>(joined.architectures.size()),
                            static_cast<Eigen::Index>(joined.columns.size()), std::numeric_limits<double>::quiet_NaN());
  Eigen::Index first = 0;
  for (const auto& table : tables) {
    for (std::size_t i = 0; i < table.architectures.size(); ++i) {
      joined.values.row(row_of.at(table.architectures[i])).segment(first, table.values.cols()) =
          table.values.row(static_cast<Eigen::Index>(i));
    }
    first += table.values.cols();
  }
  return joined;
}

ArchTable rows_with(const ArchTable& table, std::span<const std::size_t> columns) {
  ArchTable kept;
  kept.file = table.file;
  kept.notes = table.notes;
  kept.columns = table.columns;
  std::vector<Eigen::Index> rows;
  for (Eigen::Index i = 0; i < table.values.rows(); ++i) {
    if (std::ranges::any_of(columns,
                            [&](std::size_t c) { return std::isnan(table.values(i, static_cast<Eigen::Index>(c))); })) {
      continue;
    }
    rows.push_back(i);
    kept.architectures.push_back(table.architectures[static_cast<std::size_t>(i)]);
    kept.lines.push_back(table.lines[static_cast<std::size_t>(i)]);
  }
  if (rows.empty()) throw InputError(table.file.string(), "has no row with a value in every column asked for");
  kept.values = table.values(rows, Eigen::all);
  return kept;
}

void require_latencies(const ArchTable& table, std::size_t column) {
  for (std::size_t i = 0; i < table.architectures.size(); ++i) {
    const double value = table.values(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(column));
    if (std::isfinite(value) && value > 0) continue;
    std::ostringstream what;
    if (std::isnan(value))
      what << "is empty";
    else
      what << "'" << value << "'";
    what << "; expected a latency in ms (> 0)";
    throw InputError(place(table.file, table.lines[i]) + ", column " + table.columns[column], what.str());
  }
}

LatencyColumn latency_column(const ArchTable& table, std::string_view name) {
  const std::size_t column = table.column(name);
  const ArchTable kept = rows_with(table, {&column, 1});
  require_latencies(kept, column);
  const auto values = kept.values.col(static_cast<Eigen::Index>(column));
  LatencyColumn result{kept.architectures, {values.begin(), values.end()}, kept.columns[column]};
  for (const auto& [key, value] : kept.notes) {
    if (key == "device " + kept.columns[column]) result.device = value;
  }
  return result;
}

}  // namespace oneproxy
