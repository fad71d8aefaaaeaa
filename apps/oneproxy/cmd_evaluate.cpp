#include <cmath>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

#include "cli.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/pipeline/learning_curve.hpp"
#include "oneproxy/space/published_table.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::string space;
  std::filesystem::path table;
  std::filesystem::path json;
  bool curve = false;
  std::filesystem::path accuracy;
  std::string accuracy_column;
  CurveOptions curves;
  EvaluateOptions evaluate;
};

/// One accuracy for each row of the table. @throws InputError for the first that is missing.
std::vector<double> accuracies(const Options& options, const SearchSpace& space, const ArchTable& table) {
  if (options.accuracy.empty()) return {};
  const ArchTable given = read_published_table(options.accuracy, space);
  const auto column =
      static_cast<Eigen::Index>(options.accuracy_column.empty() ? 0 : given.column(options.accuracy_column));
  std::unordered_map<Architecture, double> known;
  for (std::size_t i = 0; i < given.architectures.size(); ++i) {
    known.emplace(given.architectures[i], given.values(static_cast<Eigen::Index>(i), column));
  }
  std::vector<double> result;
  for (const Architecture& x : table.architectures) {
    const auto found = known.find(x);
    if (found == known.end() || std::isnan(found->second)) {
      throw InputError(options.accuracy.string(), "has no accuracy of " + space.text(x));
    }
    result.push_back(found->second);
  }
  return result;
}

struct Goal {
  const char* name;
  double CurvePoint::*what;
  double wanted;
};
constexpr Goal kGoals[] = {{"srcc_0.9", &CurvePoint::srcc, 0.9},
                           {"srcc_0.95", &CurvePoint::srcc, 0.95},
                           {"front_0.99", &CurvePoint::front, 0.99}};

void show_curves(const std::vector<TargetCurve>& curves, const Options& options) {
  const bool fronts = !options.accuracy.empty();
  nlohmann::json json{{"targets", nlohmann::json::object()}};
  std::vector<std::vector<std::string>> rows{
      {"target", "SRCC 0.9", "0.95", "front 0.99", "stops at", "with SRCC", "front", "limits met"}};
  for (const TargetCurve& curve : curves) {
    nlohmann::json target{{"stop", {{"samples", curve.stop_samples}, {"srcc", curve.stop_srcc}}}};
    std::vector<std::string> row{curve.target};
    for (const auto& [name, what, wanted] : kGoals) {
      const auto needed = what == &CurvePoint::front && !fronts ? std::nullopt : curve.needed(what, wanted);
      target["needed"][name] = needed ? nlohmann::json(*needed) : nlohmann::json(nullptr);
      row.push_back(needed ? std::to_string(*needed) : "-");
    }
    for (const CurvePoint& point : curve.points) {
      target["points"].push_back({{"samples", point.samples}, {"srcc", point.srcc}});
      if (fronts) target["points"].back()["front"] = point.front;
    }
    row.insert(row.end(),
               {number(curve.stop_samples, 3), number(curve.stop_srcc), fronts ? number(curve.stop_front) : "-",
                curve.met_limits ? number(*curve.met_limits) : "-"});
    if (fronts) target["stop"]["front"] = curve.stop_front;
    if (curve.met_limits) target["limits_met"] = *curve.met_limits;
    json["targets"][curve.target] = target;
    rows.push_back(std::move(row));
  }
  if (!options.json.empty()) write_file(options.json, json.dump(2) + "\n");
  if (options.json == "/dev/stdout") return;
  std::cout << aligned(rows) << "\nsamples after which the mean of " << options.evaluate.repeat_count
            << " repeats stays above; -: not within " << options.curves.most_samples << '\n';
}

void run(Options options, const Common& common) {
  const SpacePtr space = make_space(options.space);
  const ArchTable table = read_published_table(options.table, *space);
  if (options.curve) {
    options.curves.evaluate = options.evaluate;
    options.curves.accuracy = accuracies(options, *space, table);
    std::vector<TargetCurve> curves;
    {
      ProgressBar bar(common);
      curves = learning_curves(space, table, options.curves, bar.callback());
    }
    return show_curves(curves, options);
  }
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
  command->add_flag("--curve", options->curve,
                    "Go on measuring, and tell how many samples an SRCC of 0.9 and 0.95 and 99% of the true front's "
                    "hypervolume need");
  const std::map<std::string, Following> followings{
      {"ranking", Following::ranking}, {"front", Following::front}, {"random", Following::random}};
  command
      ->add_option("--next", options->curves.following,
                   "What further samples of --curve are chosen for: ranking, front, random")
      ->transform(CLI::CheckedTransformer(followings).description(""))
      ->default_str("ranking");
  command->add_option("--most-samples", options->curves.most_samples, "Samples at which --curve ends")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--accuracy", options->accuracy, "Table of accuracies, which --curve judges fronts by");
  command->add_option("--accuracy-column", options->accuracy_column, "Its column (default: the first)");
  command
      ->add_option("--confidence", options->curves.confidence,
                   "Probability with which the networks found by --curve are to meet a latency limit")
      ->check(CLI::Range(0.01, 0.99))
      ->capture_default_str();
  command->add_option("--json", options->json, "File for the result");
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
