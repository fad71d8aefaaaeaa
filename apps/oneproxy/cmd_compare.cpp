#include <array>
#include <iostream>
#include <memory>

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/pipeline/compare.hpp"
#include "oneproxy/predict/accuracy.hpp"
#include "options.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::string space;
  std::vector<std::filesystem::path> tables;
  std::string proxy;
  std::vector<std::string> targets;
  std::string accuracy;
  bool random_sampling = false;
  CompareOptions compare;
};

void run(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  std::vector<ArchTable> tables;
  for (const auto& file : options.tables) tables.push_back(read_arch_table(file, *space));
  const ArchTable table = join_tables(tables);
  const auto accuracy = load_accuracy(
      options.accuracy.empty() ? default_models() / "accuracy.onnx" : std::filesystem::path(options.accuracy), space);
  const std::size_t proxy = table.column(options.proxy);
  CompareOptions compare = options.compare;
  if (options.random_sampling) compare.sampling = Sampling::random;

  nlohmann::json json{
      {"space", space->description()},   {"proxy", options.proxy},      {"architectures", table.architectures.size()},
      {"samples", compare.sample_count}, {"draws", compare.draw_count}, {"rows", nlohmann::json::array()}};
  std::vector<std::vector<std::string>> rows{
      {"target", "networks", "latency predictor", "measurements", "SRCC", "hypervolume", "lowest draw"}};
  for (const auto& name : options.targets) {
    const std::size_t target = table.column(name);
    const ArchTable both = rows_with(table, std::array{proxy, target});
    require_latencies(both, proxy);
    require_latencies(both, target);
    std::vector<CompareRow> found;
    {
      ProgressBar bar(common);
      found = compare_methods(space, both, proxy, target, *accuracy, compare, bar.callback());
    }
    for (const auto& row : found) {
      json["rows"].push_back({{"target", name},
                              {"architectures", both.architectures.size()},
                              {"method", row.method},
                              {"measurements", row.measurements},
                              {"srcc", row.srcc},
                              {"hypervolume_ratio", row.hypervolume_ratio},
                              {"lowest_ratio", row.lowest_ratio}});
      rows.push_back({name, std::to_string(both.architectures.size()), row.method, std::to_string(row.measurements),
                      number(row.srcc, 3), number(row.hypervolume_ratio), number(row.lowest_ratio)});
    }
  }
  if (common.json) return print(json);
  std::cout << "proxy " << options.proxy << ", " << compare.sample_count << " samples, " << compare.draw_count
            << " draws; hypervolume relative to the target's own predictor\n\n"
            << aligned(rows);
}

}  // namespace

void add_compare(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command =
      add_command(app, "compare",
                  "Compare the fronts found through a proxy, the adapted proxy, FLOPs and the target's own predictor",
                  "oneproxy compare --table latency.csv --proxy cpu --target phone --target board", common);
  command->add_option("--space", options->space, "The space (default: that of the shipped models)");
  command->add_option("--table", options->tables, "Tables of measured latencies, joined by architecture")->required();
  command->add_option("--proxy", options->proxy, "Column of the proxy")->required();
  command->add_option("--target", options->targets, "Columns of the targets")->required();
  command->add_option("--accuracy", options->accuracy,
                      "Accuracies, as of oneproxy run (default: the shipped predictor)");
  command->add_option("--samples", options->compare.sample_count, "Measurements on the target that adapting sees")
      ->check(CLI::Range(6, 1'000'000))
      ->capture_default_str();
  command->add_option("--draws", options->compare.draw_count, "Repetitions with other samples")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--random", options->random_sampling, "Random samples in place of stratified ones");
  add_adaptation_options(*command, options->compare.adaptation);
  command->add_option("--seed", options->compare.seed, "Of the samples")->capture_default_str();
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
