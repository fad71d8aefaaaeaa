#include <iostream>
#include <map>
#include <memory>

#include "cli.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/pipeline/evaluate.hpp"
#include "oneproxy/space/published_table.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::string space;
  std::filesystem::path table;
  std::filesystem::path json;
  EvaluateOptions evaluate;
};

void run(const Options& options, const Common& common) {
  const SpacePtr space = make_space(options.space);
  const ArchTable table = read_published_table(options.table, *space);
  Evaluation result;
  {
    ProgressBar bar(common);
    result = evaluate(space, table, options.evaluate, bar.callback());
  }
  nlohmann::json json{
      {"mean_srcc", result.mean_srcc}, {"targets", nlohmann::json::object()}, {"seconds", result.seconds}};
  std::vector<std::vector<std::string>> rows{{"target", "SRCC", "std"}};
  for (const auto& [target, mean, std] : result.targets) {
    json["targets"][target] = {{"mean", mean}, {"std", std}};
    rows.push_back({target, number(mean), number(std, 2)});
  }
  if (!options.json.empty()) write_file(options.json, json.dump(2) + "\n");
  if (options.json == "/dev/stdout") return;
  std::cout << aligned(rows) << "\nmean SRCC " << number(result.mean_srcc) << ", " << options.evaluate.sample_count
            << " samples, " << options.evaluate.repeat_count << " repeats, " << number(result.seconds, 3) << " s\n";
}

}  // namespace

void add_evaluate(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto& evaluate = options->evaluate;
  // Not add_command(): --json names a file here.
  auto* command = app.add_subcommand(
      "evaluate", "Judge a method of few-shot prediction on a published table of many devices' latencies");
  command->footer(
      "Example:\n  oneproxy evaluate --space nas_bench_201 --table latency.csv --sources phone,gpu --targets board "
      "--json scores.json\n\nThe table's first columns are the architecture: one for nas_bench_201, 22 for fbnet, 46 "
      "for "
      "ofa_mobilenet_v3.");
  command->add_flag("-q,--quiet", common.quiet, "No progress and no remarks");
  command->add_option("--space", options->space, "The space, e.g. nas_bench_201, fbnet, ofa_mobilenet_v3")->required();
  command->add_option("--table", options->table, "Latencies, one device in each column")->required();
  command->add_option("--sources", evaluate.sources, "Columns of the known devices, with commas")->delimiter(',');
  command->add_option("--targets", evaluate.targets, "Columns of the devices to predict, with commas")
      ->delimiter(',')
      ->required();
  command->add_option("--samples", evaluate.sample_count, "Measurements on each target")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--per-source", evaluate.per_source, "Latencies of each known device that may be seen")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--repeats", evaluate.repeat_count, "Repetitions, each with other samples")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", evaluate.seed, "Of the samples")->capture_default_str();
  const std::map<std::string, Selection> selections{{"greedy", Selection::greedy},
                                                    {"largest_variance", Selection::largest_variance},
                                                    {"kmeans", Selection::kmeans},
                                                    {"stratified", Selection::stratified},
                                                    {"random", Selection::random}};
  command
      ->add_option("--select", evaluate.selection,
                   "How samples are chosen: greedy, largest_variance, kmeans, stratified, random")
      ->transform(CLI::CheckedTransformer(selections).description(""))
      ->default_str("greedy");
  const std::map<std::string, FewShotMethod> methods{{"posterior", FewShotMethod::posterior},
                                                     {"eqn3", FewShotMethod::eqn3},
                                                     {"eqn3_l1", FewShotMethod::eqn3_l1},
                                                     {"proxy", FewShotMethod::proxy},
                                                     {"ridge", FewShotMethod::ridge}};
  command
      ->add_option("--method", evaluate.method, "How the target is predicted: posterior, eqn3, eqn3_l1, proxy, ridge")
      ->transform(CLI::CheckedTransformer(methods).description(""))
      ->default_str("posterior");
  command->add_flag("--negative-is-latency", evaluate.negative_is_latency,
                    "Count values that are not positive as latencies, not as networks that the device cannot run");
  command->add_option("--json", options->json, "File for the result");
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
