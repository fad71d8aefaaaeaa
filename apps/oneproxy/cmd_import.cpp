#include <cmath>
#include <iostream>
#include <memory>

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/data/import.hpp"
#include "oneproxy/data/nn_meter_lines.hpp"
#include "oneproxy/data/operator_table.hpp"
#include "oneproxy/space/arch_table.hpp"

namespace oneproxy::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path file;
  std::string space;
  std::string architectures;
  std::vector<std::string> columns;
  std::optional<double> missing;
  double scale = 1;
  fs::path out;
};

/// Rows that have a value in some column, in the order of their first appearance.
ArchTable import_table(const Options& options, const SearchSpace& space) {
  std::vector<Architecture> order;
  if (!options.architectures.empty()) order = import_architectures(FilePart::parse(options.architectures), space);
  std::vector<ArchTable> tables;
  for (const auto& text : options.columns) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw InputError("--column", "'" + text + "'; expected NAME=FILE or NAME=FILE#KEY.KEY");
    }
    const FilePart part = FilePart::parse(text.substr(equals + 1));
    ImportedValues values = import_values(part, space, options.missing);
    if (values.architectures.empty()) values.architectures = order;
    if (values.architectures.size() != values.values.size()) {
      throw InputError(part.file.string(), "has " + std::to_string(values.values.size()) + " values; there are " +
                                               std::to_string(values.architectures.size()) +
                                               " networks (--architectures FILE says which)");
    }
    ArchTable table;
    table.file = part.file;
    table.columns = {text.substr(0, equals)};
    table.architectures = std::move(values.architectures);
    table.lines.resize(table.architectures.size());
    table.values = options.scale * Eigen::Map<const Eigen::VectorXd>(values.values.data(),
                                                                     static_cast<Eigen::Index>(values.values.size()));
    tables.push_back(std::move(table));
  }
  ArchTable all = join_tables(tables);
  for (const auto& text : options.columns) {
    const auto equals = text.find('=');
    all.notes.emplace_back("device " + text.substr(0, equals), "read from " + text.substr(equals + 1));
  }
  return all;
}

void run(const Options& options, const Common& common) {
  nlohmann::json json;
  std::string text;
  if (!options.columns.empty()) {
    if (options.out.empty()) throw CLI::RequiredError("--out");
    const SpacePtr space = space_or_default(options.space);
    const ArchTable table = import_table(options, *space);
    write_arch_table(options.out, *space, table);
    const auto missing = static_cast<std::size_t>((table.values.array() != table.values.array()).count());
    json = {{"networks", table.architectures.size()}, {"columns", table.columns}, {"missing", missing}};
    text = std::to_string(table.architectures.size()) + " networks, " + std::to_string(table.columns.size()) +
           " columns, " + std::to_string(missing) + " missing values\n";
  } else if (options.file.empty()) {
    throw InputError("import", "expected --column NAME=FILE, or a file to describe or convert");
  } else if (options.file.extension() == ".jsonl") {
    const LatencyMatrix table = read_nn_meter_lines(options.file, options.missing);
    if (!options.out.empty()) write_latency_matrix(options.out, table);
    json = {{"networks", table.networks.size()}, {"columns", table.devices}};
    text =
        std::to_string(table.networks.size()) + " networks on " + std::to_string(table.devices.size()) + " devices\n";
  } else if (!options.out.empty() && is_operator_table(options.file)) {
    const auto table = read_operator_table(options.file);
    write_operator_csv(options.out, table);
    json = {{"operators", table.size()}};
    text = std::to_string(table.size()) + " operators\n";
  } else if (!options.out.empty()) {
    throw InputError("--out", "expected --column NAME=FILE, since " + options.file.string() + " does not name devices");
  } else {
    json["content"] = describe_file(options.file);
    for (const auto& line : json["content"]) text += line.get<std::string>() + "\n";
  }
  if (!options.out.empty()) {
    json["file"] = options.out.string();
    text += "written: " + options.out.string() + "\n";
  }
  if (common.json) return print(json);
  std::cout << text;
}

}  // namespace

void add_import(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(
      app, "import", "Read published files: Python pickles, PyTorch files, nn-Meter's JSONL, tables of operators",
      "oneproxy import --space nas_bench_201 --architectures encode.pickle --column vpu=true_vpu.pickle --out vpu.csv",
      common);
  command->add_option("file", options->file,
                      "A file to describe; with --out JSONL, YAML and JSON tables are written as CSV");
  command->add_option("--space", options->space, "The space of the networks (default: that of the shipped models)");
  command->add_option("--architectures", options->architectures,
                      "FILE or FILE#KEY.KEY with the networks, for columns that are plain lists");
  command->add_option("--column", options->columns, "NAME=FILE or NAME=FILE#KEY.KEY: a device and its values");
  command->add_option("--missing", options->missing, "A number that stands for a missing value, e.g. -1");
  command->add_option("--scale", options->scale, "Multiply values, e.g. by 1000 where they are seconds")
      ->capture_default_str();
  command->add_option("--out", options->out, "The table (docs/formats/table.md)");
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
