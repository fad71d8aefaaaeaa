#include <iostream>
#include <memory>

#include "campaign_store.hpp"
#include "cli.hpp"
#include "colour.hpp"
#include "export_front.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/pipeline/run.hpp"
#include "oneproxy/predict/accuracy.hpp"
#include "oneproxy/report/live_log.hpp"
#include "oneproxy/report/page.hpp"
#include "oneproxy/report/result_files.hpp"
#include "options.hpp"
#include "version.hpp"

namespace oneproxy::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string space;
  std::string target;
  std::string proxy;
  std::string accuracy;
  std::string method = "posterior";
  std::string sampling = "stratified";
  std::string preset = "ea1";
  fs::path out = "oneproxy-run";
  std::vector<std::string> metrics;
  bool resume = false;
  DecisionOptions decision;
  ExportOptions exporting;
  RunOptions run;
};

nlohmann::json settings(const Options& o, const std::vector<Proxy>& proxies) {
  std::string names;
  for (const auto& proxy : proxies) names += (names.empty() ? "" : ",") + proxy.name;
  nlohmann::json json{{"method", o.method},
                      {"proxies", names},
                      {"samples", o.run.sample_count},
                      {"max_samples", o.run.max_sample_count},
                      {"sampling", o.sampling},
                      {"candidates", o.run.candidate_count},
                      {"decision", o.decision.rule},
                      {"threshold", o.decision.threshold},
                      {"accuracy", o.accuracy}};
  // What was measured for a metric is kept under its name alone.
  for (const auto& metric : o.run.metrics) {
    json["metrics"].push_back(metric.name + (metric.device ? "=" + metric.device->description() : ""));
  }
  return json;
}

Versions versions(const RunResult& result) {
  Versions all{{"oneproxy", version}, {"engine", result.facts.engine}};
  if (ort_info().available) all.emplace_back("ONNX Runtime", ort_info().version);
  return all;
}

void run(Options options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  if (options.target.empty()) options.target = default_engine();
  const auto target = make_device(options.target, unless_interrupted);
  const auto proxies = load_proxies(options.proxy, space);
  const auto accuracy =
      load_accuracy(options.accuracy.empty() ? default_models() / "accuracy.onnx" : fs::path(options.accuracy), space);
  RunOptions& run = options.run;
  run.method = method_of(options.method);
  run.sampling = options.sampling == "random" ? Sampling::random : Sampling::stratified;
  run.decision = rule_of(options.decision);
  run.threshold = options.decision.threshold;
  run.protocol.seed = run.seed;
  run.max_sample_count = std::max(run.max_sample_count, run.sample_count);
  run.evidence = true;
  for (const auto& text : options.metrics) run.metrics.push_back(make_metric(text, space, unless_interrupted));
  check(options.exporting);

  CampaignStore campaign(options.out / "measurements.sqlite", options.resume);
  const auto id = campaign.begin("run", *space, *target, run.protocol, run.seed, settings(options, proxies));
  RunResult result;
  {
    ProgressBar bar(common);
    LiveLog live(options.out, campaign.store(), id, *space, target->description());
    const ProgressCallback progress = [&, drawn = bar.callback()](const Progress& step) {
      live.update();
      return drawn(step);
    };
    result = run_algorithm1(space, *target, proxies, *accuracy, run, campaign.store(), id, progress);
    export_front(result, options.out, options.exporting, bar.callback());
    write_result_files(options.out, result, versions(result));
  }
  if (has_page()) write_page(options.out);
  if (common.json) return print(result_json(result, versions(result)));
  if (!common.quiet) std::cout << coloured_summary(summary_text(result)) << '\n';
  std::cout << "results: " << options.out.string() << (has_page() ? " (index.html shows them)\n" : "\n");
}

}  // namespace

void add_run(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  RunOptions& run_options = options->run;
  auto* command = add_command(app, "run", "One device in, the networks worth deploying on it out",
                              "oneproxy run --target \"onnxruntime(threads=1)\" --limit-ms 0.5 --out results", common);
  command->add_option("--space", options->space, "The search space (default: that of the shipped models)");
  command->add_option("--target", options->target, "The device (default: ONNX Runtime where it is found, else oneDNN)");
  command->add_option(
      "--proxy", options->proxy,
      "Shipped proxy or file of a predictor (default: the shipped one nearest to the target's samples)");
  command->add_option(
      "--accuracy", options->accuracy,
      "Accuracies: .onnx predictor, .csv table, python:MODULE.FUNCTION or command(run=\"PROGRAM {networks}\") "
      "(default: the shipped predictor)");
  command->add_option("--out", options->out, "Folder of the results")->capture_default_str();
  command->add_flag("--resume", options->resume, "Go on with an interrupted run: measure only what is missing");
  command->add_option("--seed", run_options.seed, "Of samples and search")->capture_default_str();
  command
      ->add_option("--samples", run_options.sample_count,
                   "Networks measured on the target before the front is; posterior: at most")
      ->check(CLI::Range(6, 1'000'000))
      ->capture_default_str();
  command
      ->add_option("--max-samples", run_options.max_sample_count,
                   "Most samples of --method eqn3, where the adapted proxy stays below the threshold")
      ->capture_default_str();
  command->add_option("--sampling", options->sampling, "stratified by the proxy's latency, or random")
      ->check(CLI::IsMember({"stratified", "random"}))
      ->capture_default_str();
  command->add_option("--limit-ms", run_options.limits_ms, "Latency limits that a network is wanted for")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--confidence", run_options.confidence,
                   "Probability with which a network found for a limit is to meet it (posterior)")
      ->check(CLI::Range(0.01, 0.99));
  command
      ->add_option(
          "--minutes", run_options.minutes,
          "Measure no latency after so long, but of 6 samples and 2 networks of the front (0: no end); metrics besides")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--metric", options->metrics,
                      "What the front is to have little of besides: memory_mb, or NAME=DEVICE that measures it, e.g. "
                      "energy_mj=table(FILE, column=C)");
  command->add_option("--front", run_options.front_count, "Most networks of the front that are measured")
      ->check(CLI::Range(2, 100'000))
      ->capture_default_str();
  command
      ->add_option("--accuracy-tolerance", run_options.accuracy_tolerance,
                   "Percent of accuracy within which a slower network is not kept")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option(
          "--method", options->method,
          "posterior: few-shot, from all known proxies; eqn3: the paper's; baselines: proxy (unadapted), target (its "
          "own predictor), scaling, flops")
      ->capture_default_str();
  command->add_option("--target-samples", run_options.target_sample_count, "Measurements of --method target")
      ->check(CLI::Range(10, 1'000'000))
      ->capture_default_str();
  command->add_option("--candidates", run_options.candidate_count, "Random networks that samples are chosen from")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--exhaustive", run_options.exhaustive, "Search the candidates only, all of them");
  command->add_option("--repeats", run_options.repeat_count, "Samples measured again, for the repeatability")
      ->capture_default_str();
  command->add_option("--threads", run_options.threads, "Of the search; the result does not depend on them")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_decision_options(*command, options->decision);
  add_adaptation_options(*command, run_options.adaptation);
  add_evolution_options(*command, run_options.evolution);
  add_protocol_options(*command, run_options.protocol);
  command->add_option("--checkpoint", options->exporting.checkpoint,
                      "Supernet (oneproxy train supernet): export the front with its weights and true accuracies");
  command->add_option("--data", options->exporting.data, "Images for --checkpoint (default: Debian's Fashion-MNIST)");
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
