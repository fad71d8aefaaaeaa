#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <memory>
#include <unordered_map>

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/adapt/proxy_choice.hpp"
#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/predict/mlp_fit.hpp"
#include "oneproxy/space/arch_table.hpp"
#include "oneproxy/space/published_table.hpp"

namespace oneproxy::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string space;
  fs::path table;
  std::string column;
  fs::path out;
  std::string predictor = "linear";
  std::uint64_t seed = 1;
  std::vector<std::string> targets;
  fs::path among;
  double threshold = 0.9;
};

nlohmann::json finite(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr); }

/// SRCC of every pair, as a table for people and into `json`.
std::string matrix_text(const std::vector<std::string>& rows_names, const std::vector<std::string>& column_names,
                        const Eigen::MatrixXd& matrix, nlohmann::json& json) {
  std::vector<std::vector<std::string>> rows{{""}};
  for (const auto& name : column_names) rows[0].push_back(name);
  for (std::size_t i = 0; i < rows_names.size(); ++i) {
    std::vector<std::string> row{rows_names[i]};
    for (std::size_t k = 0; k < column_names.size(); ++k) {
      const double value = matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k));
      json[rows_names[i]][column_names[k]] = finite(value);
      row.push_back(number(value, 3));
    }
    rows.push_back(std::move(row));
  }
  return aligned(rows);
}

void list(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  const auto proxies = load_proxies("auto", space);
  nlohmann::json json{{"space", space->description()}, {"proxies", nlohmann::json::array()}};
  std::vector<std::vector<std::string>> rows{{"proxy", "networks", "held-out SRCC", "held-out RMSE ms", "device"}};
  for (const auto& [name, predictor] : proxies) {
    const LinearTraining& t = predictor->training();
    json["proxies"].push_back({{"name", name},
                               {"device", t.device},
                               {"samples", t.sample_count},
                               {"held_out_srcc", finite(t.held_out_srcc)},
                               {"held_out_rmse_ms", finite(t.held_out_rmse_ms)}});
    rows.push_back(
        {name, std::to_string(t.sample_count), number(t.held_out_srcc), number(t.held_out_rmse_ms, 3), t.device});
  }
  std::string matrix;
  if (const auto files = shipped_latencies(); !files.empty()) {
    std::vector<ArchTable> tables;
    for (const auto& file : files) tables.push_back(read_arch_table(file, *space));
    const ArchTable all = join_tables(tables);
    matrix = "\nSRCC of the measured latencies, over the networks that both were measured with:\n" +
             matrix_text(all.columns, all.columns, srcc_matrix(all.values), json["srcc"]);
  }
  if (common.json) return print(json);
  std::cout << space->description() << "\n\n" << aligned(rows) << matrix;
}

void fit(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  const LatencyColumn measured = latency_column(read_arch_table(options.table, *space), options.column);
  double held_out_srcc = 0;
  double held_out_rmse_ms = 0;
  if (options.predictor == "mlp") {
    if (options.out.extension() != ".onnx")
      throw InputError("--out", "expected a file with the ending .onnx for an MLP");
    ProgressBar bar(common);
    const MlpFit fitted = fit_mlp(space, measured.architectures, measured.latency_ms,
                                  {.seed = options.seed, .device = measured.device}, bar.callback());
    save_mlp_latency(options.out, *space, fitted);
    held_out_srcc = fitted.training.held_out_srcc;
    held_out_rmse_ms = fitted.training.held_out_rmse_ms;
  } else {
    const LinearPredictor fitted = fit_linear(space, measured.architectures, measured.latency_ms,
                                              {.held_out_share = 0.2, .seed = options.seed, .device = measured.device});
    save_linear_predictor(options.out, fitted);
    held_out_srcc = fitted.training().held_out_srcc;
    held_out_rmse_ms = fitted.training().held_out_rmse_ms;
  }
  if (common.json) {
    return print({{"file", options.out.string()},
                  {"predictor", options.predictor},
                  {"samples", measured.architectures.size()},
                  {"held_out_srcc", finite(held_out_srcc)},
                  {"held_out_rmse_ms", finite(held_out_rmse_ms)}});
  }
  std::cout << "fitted to " << measured.architectures.size() << " networks; held-out SRCC " << number(held_out_srcc)
            << ", RMSE " << number(held_out_rmse_ms, 3) << " ms\nwritten: " << options.out.string() << '\n';
}

/// What the candidates for a proxy say of `xs`: one column each.
struct Candidates {
  std::vector<std::string> names;
  Eigen::MatrixXd latency_ms;
};

Candidates shipped_candidates(const SpacePtr& space, const std::vector<Architecture>& xs) {
  const auto proxies = load_proxies("auto", space);
  Candidates result{{},
                    Eigen::MatrixXd(static_cast<Eigen::Index>(xs.size()), static_cast<Eigen::Index>(proxies.size()))};
  for (std::size_t p = 0; p < proxies.size(); ++p) {
    result.latency_ms.col(static_cast<Eigen::Index>(p)) = proxies[p].predictor->latency_ms(xs);
    result.names.push_back(proxies[p].name);
  }
  return result;
}

/// A table as written here or by others, its numbers that are no latencies made missing.
ArchTable read_any_table(const fs::path& file, const SearchSpace& space) {
  ArchTable table = read_published_table(file, space);
  table.values = (table.values.array() > 0).select(table.values, std::nan(""));
  return table;
}

/// The devices of a table, but for the targets themselves; NaN for networks that it lacks.
Candidates recorded_candidates(const fs::path& file, const SearchSpace& space, const std::vector<Architecture>& xs,
                               const std::vector<std::string>& targets) {
  const ArchTable table = read_any_table(file, space);
  std::unordered_map<Architecture, Eigen::Index> row_of;
  for (std::size_t i = 0; i < table.architectures.size(); ++i) {
    row_of.try_emplace(table.architectures[i], static_cast<Eigen::Index>(i));
  }
  std::vector<Eigen::Index> columns;
  Candidates result;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (std::ranges::find(targets, table.columns[c]) != targets.end()) continue;
    columns.push_back(static_cast<Eigen::Index>(c));
    result.names.push_back(table.columns[c]);
  }
  if (columns.empty()) throw InputError(file.string(), "holds no device but the targets");
  result.latency_ms.setConstant(static_cast<Eigen::Index>(xs.size()), static_cast<Eigen::Index>(columns.size()),
                                std::nan(""));
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const auto found = row_of.find(xs[i]);
    if (found != row_of.end())
      result.latency_ms.row(static_cast<Eigen::Index>(i)) = table.values(found->second, columns);
  }
  if (!(result.latency_ms.array() > 0).any()) throw InputError(file.string(), "holds none of the samples' networks");
  return result;
}

void select(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  const ArchTable table =
      options.among.empty() ? read_arch_table(options.table, *space) : read_any_table(options.table, *space);
  const std::vector<std::string> targets = options.targets.empty() ? table.columns : options.targets;
  Eigen::MatrixXd measured(table.values.rows(), static_cast<Eigen::Index>(targets.size()));
  for (std::size_t t = 0; t < targets.size(); ++t) {
    const std::size_t column = table.column(targets[t]);
    if (options.among.empty()) require_latencies(rows_with(table, std::array{column}), column);
    measured.col(static_cast<Eigen::Index>(t)) = table.values.col(static_cast<Eigen::Index>(column));
  }
  const Candidates candidates = options.among.empty()
                                    ? shipped_candidates(space, table.architectures)
                                    : recorded_candidates(options.among, *space, table.architectures, targets);
  const ProxyChoice choice = select_proxy(candidates.latency_ms, measured, options.threshold);
  for (std::size_t t = 0; t < targets.size(); ++t) {
    if (choice.srcc.col(static_cast<Eigen::Index>(t)).array().isNaN().all()) {
      throw InputError(options.table.string() + ", column " + targets[t],
                       "ranks nothing; expected at least two different latencies");
    }
  }
  const auto& names = candidates.names;
  nlohmann::json json{{"proxy", names[choice.proxy]}, {"samples", table.architectures.size()}};
  const std::string matrix = matrix_text(names, targets, choice.srcc, json["srcc"]);
  if (common.json) return print(json);
  std::cout << "SRCC of proxies (rows) and targets, " << table.architectures.size() << " networks:\n"
            << matrix << "\nchosen: " << names[choice.proxy] << '\n';
}

}  // namespace

void add_proxy(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* proxy = app.add_subcommand("proxy", "Known devices and their latency predictors");
  proxy->require_subcommand(1);
  proxy->footer("Example:\n  oneproxy proxy list");

  auto* list_command =
      add_command(*proxy, "list", "Show the shipped proxies and their SRCC matrix", "oneproxy proxy list", common);
  list_command->add_option("--space", options->space, "The space (default: that of the shipped models)");
  list_command->callback([options, &common] { list(*options, common); });

  auto* fit_command = add_command(*proxy, "fit", "Fit the predictor of a device to its measured latencies",
                                  "oneproxy proxy fit --table phone.csv --column phone --out phone.json", common);
  fit_command->add_option("--space", options->space, "The space (default: that of the shipped models)");
  fit_command->add_option("--table", options->table, "Table of latencies (see docs/formats/table.md)")->required();
  fit_command->add_option("--column", options->column, "Column of the device (may be left out where there is one)");
  fit_command
      ->add_option("--predictor", options->predictor,
                   "linear: a weight for each choice; mlp: the paper's neural network (a file with the ending .onnx)")
      ->check(CLI::IsMember({"linear", "mlp"}))
      ->capture_default_str();
  fit_command->add_option("--out", options->out, "File of the predictor")->required();
  fit_command->add_option("--seed", options->seed, "Of the part held out")->capture_default_str();
  fit_command->callback([options, &common] { fit(*options, common); });

  auto* select_command = add_command(*proxy, "select", "Choose the proxy that ranks samples most as the targets do",
                                     "oneproxy proxy select --samples phones.csv", common);
  select_command->add_option("--space", options->space, "The space (default: that of the shipped models)");
  select_command->add_option("--samples", options->table, "Table of the targets' measured latencies")->required();
  select_command->add_option("--target", options->targets, "Columns of the targets (default: all)");
  select_command->add_option("--among", options->among,
                             "Choose among the devices of this table, also as others publish it, in place of the "
                             "shipped proxies");
  select_command->add_option("--threshold", options->threshold, "SRCC that counts as monotone")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  select_command->callback([options, &common] { select(*options, common); });
}

}  // namespace oneproxy::cli
