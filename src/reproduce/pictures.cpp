#include "pictures.hpp"

#include <limits>

#include "oneproxy/report/svg.hpp"

namespace oneproxy {

ReproducedPicture adaptation_picture(const std::string& name, const std::string& title,
                                     std::span<const ReproducedRow> rows) {
  struct Column {
    const char* name;
    std::optional<double> ReproducedRow::*value;
  };
  const Column columns[]{{"before", &ReproducedRow::before},
                         {"Eqn. (3)", &ReproducedRow::ours},
                         {"posterior", &ReproducedRow::posterior},
                         {"paper", &ReproducedRow::paper}};
  std::vector<std::string> row_names;
  std::vector<std::string> column_names;
  for (const auto& row : rows) row_names.push_back(row.target);
  Eigen::MatrixXd values(rows.size(), 0);
  for (const Column& column : columns) {
    Eigen::VectorXd filled(rows.size());
    bool some = false;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const auto& value = rows[r].*column.value;
      some = some || value;
      filled(static_cast<Eigen::Index>(r)) = value.value_or(std::numeric_limits<double>::quiet_NaN());
    }
    if (!some) continue;
    column_names.push_back(column.name);
    values.conservativeResize(Eigen::NoChange, values.cols() + 1);
    values.rightCols(1) = filled;
  }
  return {name, heat_map_svg(title, row_names, column_names, values)};
}

}  // namespace oneproxy
