#include <iostream>
#include <memory>

#include "commands.hpp"
#include "oneproxy/predict/accuracy.hpp"
#include "oneproxy/train/subnets.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::string space;
  std::filesystem::path table;
  std::filesystem::path out = "accuracy.onnx";
  AccuracyFitOptions fit;
};

void run(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  const ArchTable table = read_arch_table(options.table, *space);
  const auto json = fit_and_write(space, table, options.fit, options.out, common);
  if (common.json) print(json);
}

}  // namespace

void add_fit_options(CLI::App& command, AccuracyFitOptions& options) {
  command.add_option("--seed", options.seed, "Of the split and the fit (and of the choice of networks)")
      ->capture_default_str();
  command.add_option("--test-share", options.held_out_share, "Of the networks, to test the predictor on")
      ->check(CLI::Range(0.05, 0.9))
      ->capture_default_str();
}

nlohmann::json fit_and_write(const SpacePtr& space, const ArchTable& table, const AccuracyFitOptions& options,
                             const std::filesystem::path& out, const Common& common) {
  const std::size_t column = table.column("accuracy");
  require_accuracies(table, column);
  const Eigen::VectorXd accuracy = table.values.col(static_cast<Eigen::Index>(column));
  set_train_threads(1);  // the layers are small, and one thread gives the same bytes everywhere
  AccuracyFit fit;
  {
    ProgressBar bar(common);
    fit = fit_accuracy(space, table.architectures, {accuracy.data(), static_cast<std::size_t>(accuracy.size())},
                       options, bar.callback());
  }
  Metadata metadata{{"space", space->description()},
                    {"unit", "percent"},
                    {"networks", std::to_string(fit.fitted_count)},
                    {"held_out_networks", std::to_string(fit.held_out_count)},
                    {"held_out_srcc", number(fit.mlp.srcc)},
                    {"held_out_rmse", number(fit.mlp.rmse)}};
  for (const auto& [key, value] : table.notes) {
    if (key != "space") metadata.emplace_back(key, value);
  }
  write_mlp_onnx(out, fit.layers, metadata);
  if (!common.json && !common.quiet) {
    std::cout << "fitted to " << fit.fitted_count << " networks, tested on " << fit.held_out_count
              << " others:\n  predictor  SRCC " << number(fit.mlp.srcc, 3) << ", RMSE " << number(fit.mlp.rmse, 3)
              << " percent points\n  ridge      SRCC " << number(fit.ridge.srcc, 3) << ", RMSE "
              << number(fit.ridge.rmse, 3) << "\n  constant   RMSE " << number(fit.spread, 3) << '\n'
              << out.string() << '\n';
  }
  return {{"file", out.string()},
          {"fitted_networks", fit.fitted_count},
          {"held_out_networks", fit.held_out_count},
          {"srcc", fit.mlp.srcc},
          {"rmse", fit.mlp.rmse},
          {"ridge_srcc", fit.ridge.srcc},
          {"ridge_rmse", fit.ridge.rmse},
          {"constant_rmse", fit.spread},
          {"weight_decay", fit.weight_decay},
          {"epochs", fit.epochs}};
}

void add_fit(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "fit", "Fit the accuracy predictor to a table of accuracies",
                              "oneproxy train fit --table accuracy.csv --out accuracy.onnx", common);
  command->add_option("--space", options->space, "Search space (default: that of the models that come with oneproxy)");
  command->add_option("--table", options->table, "Table with the column accuracy, in percent")->required();
  command->add_option("--out", options->out, "Predictor to write")->capture_default_str();
  add_fit_options(*command, options->fit);
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
