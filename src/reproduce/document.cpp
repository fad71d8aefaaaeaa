#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "oneproxy/base/file.hpp"
#include "oneproxy/reproduce/reproduce.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;

const std::string picture_folder = "reproduction";  // beside the document

json number_or_null(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? json(*value) : json(nullptr);
}

/// Three digits after the point, more before it: SRCCs and machine-hours stand in the same columns.
std::string cell(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return "";
  char text[64];
  const double size = std::abs(*value);
  std::snprintf(text, sizeof text, "%.*f", size < 10 ? 3 : size < 100 ? 2 : 0, *value);
  return text;
}

/// As printed in the paper, two digits.
std::string paper_cell(const std::optional<double>& value) {
  if (!value) return "";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", std::abs(*value) < 10 ? 2 : 0, *value);
  return text;
}

std::string ours_cell(const ReproducedRow& row) {
  const std::string text = cell(row.ours);
  return text.empty() || !row.deviation ? text : text + " +- " + cell(row.deviation);
}

std::string count_cell(std::size_t count) { return count == 0 ? "" : std::to_string(count); }

std::string markdown_table(const std::vector<std::vector<std::string>>& cells) {
  std::string text;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    for (const auto& field : cells[r]) text += "| " + field + (field.empty() ? "" : " ");
    text += "|\n";
    if (r > 0) continue;
    for (std::size_t c = 0; c < cells[r].size(); ++c) text += "|---";
    text += "|\n";
  }
  return text;
}

}  // namespace

json reproduction_json(const Reproduction& reproduction) {
  json result{{"rows", json::array()}, {"left_out", json::array()}};
  for (const auto& figure : reproduction.figures) {
    for (const auto& row : figure.rows) {
      result["rows"].push_back({{"figure", row.figure},
                                {"target", row.target},
                                {"quantity", row.quantity},
                                {"before", number_or_null(row.before)},
                                {"ours", number_or_null(row.ours)},
                                {"deviation", number_or_null(row.deviation)},
                                {"posterior", number_or_null(row.posterior)},
                                {"paper_before", number_or_null(row.paper_before)},
                                {"paper", number_or_null(row.paper)},
                                {"oracle", number_or_null(row.oracle)},
                                {"samples", row.samples},
                                {"draws", row.draws},
                                {"remark", row.remark}});
    }
  }
  for (const auto& [id, reason] : reproduction.left_out) {
    result["left_out"].push_back({{"figure", id}, {"reason", reason}});
  }
  return result;
}

std::vector<std::vector<std::string>> figure_table(const ReproducedFigure& figure) {
  struct Column {
    const char* name;
    std::string (*of)(const ReproducedRow&);
    bool always = false;
  };
  const Column columns[]{
      {"target", [](const ReproducedRow& row) { return row.target; }, true},
      {"quantity", [](const ReproducedRow& row) { return row.quantity; }, true},
      {"samples", [](const ReproducedRow& row) { return count_cell(row.samples); }},
      {"draws", [](const ReproducedRow& row) { return count_cell(row.draws); }},
      {"before", [](const ReproducedRow& row) { return cell(row.before); }},
      {"paper before", [](const ReproducedRow& row) { return paper_cell(row.paper_before); }},
      {"ours", ours_cell, true},
      {"posterior", [](const ReproducedRow& row) { return cell(row.posterior); }},
      {"paper", [](const ReproducedRow& row) { return paper_cell(row.paper); }},
      {"oracle", [](const ReproducedRow& row) { return cell(row.oracle); }},
      {"remark", [](const ReproducedRow& row) { return row.remark; }},
  };
  std::vector<std::vector<std::string>> cells(figure.rows.size() + 1);
  for (const Column& column : columns) {
    bool some = column.always;
    for (const auto& row : figure.rows) some = some || !column.of(row).empty();
    if (!some) continue;
    cells[0].push_back(column.name);
    for (std::size_t r = 0; r < figure.rows.size(); ++r) cells[r + 1].push_back(column.of(figure.rows[r]));
  }
  return cells;
}

std::string reproduction_markdown(const Reproduction& reproduction, const ReproduceOptions& options) {
  std::size_t rows = 0;
  std::size_t judged = 0;
  for (const auto& figure : reproduction.figures) {
    for (const auto& row : figure.rows) {
      rows += 1;
      judged += row.paper || row.paper_before || row.oracle ? 1 : 0;
    }
  }
  std::string text =
      "# The paper's figures and tables, again\n\n    oneproxy reproduce --all --out FOLDER --draws " +
      std::to_string(options.draws) + " --seed " + std::to_string(options.seed) +
      "\n\nThis document is what the command writes. " + std::to_string(rows) + " rows, " + std::to_string(judged) +
      " of them with a value of the paper or an oracle beside them.\n\n"
      "* `before`: the proxy as it is. `ours`: Eqn. (3) as the paper uses it, fitted to the training "
      "samples, lambda chosen on the validation samples alone; mean +- standard deviation over the "
      "draws of samples. `posterior`: this project's default method "
      "([few_shot.md](../design/few_shot.md)) with the same samples. `paper`: as printed there, one "
      "draw.\n"
      "* `samples` counts the validation samples too. SRCCs after adapting are over the networks that "
      "were not sampled.\n"
      "* Tables of others are read from `$ONEPROXY_DATA`; none is part of the project. Where the paper's "
      "own data is not public, the text under the figure says what stands in for it.\n";
  for (const auto& figure : reproduction.figures) {
    text += "\n## " + figure.id + ": " + figure.title + "\n\n";
    for (const auto& note : figure.notes) text += "* " + note + "\n";
    if (!figure.notes.empty()) text += "\n";
    text += markdown_table(figure_table(figure));
    for (const auto& picture : figure.pictures) {
      text +=
          "\n![" + picture.name.substr(0, picture.name.find('.')) + "](" + picture_folder + "/" + picture.name + ")\n";
    }
  }
  if (!reproduction.left_out.empty()) text += "\n## Left out\n\n";
  for (const auto& [id, reason] : reproduction.left_out) text += "* " + id + " " + reason + "\n";
  return text;
}

void write_reproduction(const std::filesystem::path& folder, const Reproduction& reproduction,
                        const ReproduceOptions& options) {
  write_file(folder / "reproduction.md", reproduction_markdown(reproduction, options));
  write_file(folder / "reproduction.json", reproduction_json(reproduction).dump(1) + "\n");
  for (const auto& figure : reproduction.figures) {
    for (const auto& picture : figure.pictures) write_file(folder / picture_folder / picture.name, picture.svg);
  }
}

}  // namespace oneproxy
