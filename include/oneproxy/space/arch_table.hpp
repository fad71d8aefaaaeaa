#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// Our table format (docs/formats/table.md): CSV; optional lines "# key: value" first (`# space: ...`), then a header
/// `architecture,NAME,...`, then one architecture a line with a number in each column; an empty field is missing (NaN).
struct ArchTable {
  std::filesystem::path file;                              ///< for messages
  std::vector<std::pair<std::string, std::string>> notes;  ///< the "# key: value" lines
  std::vector<std::string> columns;
  std::vector<Architecture> architectures;  ///< canonical
  std::vector<std::size_t> lines;           ///< line of each architecture in the file
  Eigen::MatrixXd values;                   ///< architectures x columns

  /// Index of a column; the name may be empty where there is one. @throws InputError naming the columns that there are.
  std::size_t column(std::string_view name) const;
};

/// @throws InputError naming file, line and column: missing or empty file, wrong number of fields, no number,
/// an architecture that is not of `space`, one that stands twice, a table that declares another space.
ArchTable read_arch_table(const std::filesystem::path& file, const SearchSpace& space);
/// Writes "# space: ..." and the other notes, then the table. @throws InputError where it cannot be written whole.
void write_arch_table(const std::filesystem::path& file, const SearchSpace& space, const ArchTable& table);

/// All columns of several tables: one row for each architecture that any of them has, in order of appearance, NaN where
/// a table lacks it. @throws InputError where a column's name stands in two of them. Precondition: at least one table.
ArchTable join_tables(std::span<const ArchTable> tables);

/// @throws InputError for the first value of `column` that is missing, not finite or not positive.
void require_latencies(const ArchTable& table, std::size_t column);

/// The table without the rows that lack a value in one of `columns`.
/// @throws InputError where no row is left.
ArchTable rows_with(const ArchTable& table, std::span<const std::size_t> columns);

/// The latencies of one device.
struct LatencyColumn {
  std::vector<Architecture> architectures;
  std::vector<double> latency_ms;  ///< one for each architecture
  std::string device;              ///< what the note "device NAME" says, else the column's name
};

/// The rows that have a value in a column (ArchTable::column()).
/// @throws InputError where there is none, or one that is no latency.
LatencyColumn latency_column(const ArchTable& table, std::string_view name);

}  // namespace oneproxy
