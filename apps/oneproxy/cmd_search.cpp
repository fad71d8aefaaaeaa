#include <fstream>
#include <iostream>
#include <memory>

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/accuracy.hpp"
#include "oneproxy/predict/flops.hpp"
#include "oneproxy/search/evolution.hpp"
#include "oneproxy/search/exhaustive.hpp"
#include "oneproxy/search/local_search.hpp"
#include "options.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::string space;
  std::string latency;
  std::string accuracy;
  std::string how = "front";
  std::size_t steps = 21;
  std::size_t candidates = 10'000;
  std::vector<double> limits_ms;
  std::filesystem::path out;
  EvolutionOptions evolution = whole_front();
};

/// Evenly spread weights t of Eqn. (4), both ends included.
std::vector<double> spread_weights(std::size_t count) {
  std::vector<double> ts;
  for (std::size_t i = 0; i < count; ++i) ts.push_back(static_cast<double>(i) / static_cast<double>(count - 1));
  return ts;
}

/// Of `front` the most accurate network for each limit.
Front for_limits(const Front& front, const std::vector<double>& limits_ms) {
  Front found;
  for (const double limit_ms : limits_ms) {
    const Candidate* best = best_within(front, limit_ms);
    if (best == nullptr) {
      throw InputError("latency limit " + number(limit_ms) + " ms", "no architecture of the table meets it");
    }
    found.push_back(*best);
  }
  return found;
}

Front find(const Options& options, const SearchProblem& problem, const ProgressCallback& progress) {
  if (const auto* known = accuracy_architectures(problem.accuracy)) {
    const Front front = search_exhaustive(problem, *known, progress);
    return options.limits_ms.empty() ? front : for_limits(front, options.limits_ms);
  }
  if (!options.limits_ms.empty()) {
    EvolutionarySearch search(problem, options.evolution, progress);
    Front found;
    for (const double limit_ms : options.limits_ms) found.push_back(search.maximise_accuracy(limit_ms));
    return found;
  }
  if (options.how == "exhaustive") {
    Rng rng(options.evolution.seed);
    return search_exhaustive(problem, problem.space.sample_distinct(options.candidates, rng), progress);
  }
  if (options.how == "local") {
    const LocalSearchOptions local{options.candidates, options.evolution.seed, options.evolution.threads};
    return search_front_locally(problem, local, progress);
  }
  if (options.how == "front") return search_front(problem, options.evolution, progress);
  EvolutionarySearch search(problem, options.evolution, progress);
  return options.how == "weights" ? search.sweep_fitness(spread_weights(options.steps))
                                  : search.sweep_limits(spread_limits(problem, options.steps, options.evolution.seed));
}

void run(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  std::shared_ptr<const Predictor> latency;
  if (options.latency == "flops")
    latency = std::make_shared<FlopsPredictor>(space);
  else
    latency = load_latency(options.latency, space);
  const auto accuracy = load_accuracy(
      options.accuracy.empty() ? default_models() / "accuracy.onnx" : std::filesystem::path(options.accuracy), space);
  Front front;
  {
    ProgressBar bar(common);
    front = find(options, {*space, *latency, *accuracy}, bar.callback());
  }
  std::string csv = "accuracy,latency_ms,architecture\n";
  std::vector<std::vector<std::string>> rows{{"accuracy %", "latency ms", "architecture"}};
  nlohmann::json json{{"front", nlohmann::json::array()}};
  for (const auto& c : front) {
    const std::string text = space->text(c.architecture);
    csv += number(c.accuracy, 7) + ',' + number(c.latency_ms, 7) + ',' + text + '\n';
    rows.push_back({number(c.accuracy), number(c.latency_ms), text});
    json["front"].push_back({{"accuracy", c.accuracy},
                             {"latency_ms", c.latency_ms},
                             {"text", text},
                             {"architecture", space->to_json(c.architecture)}});
  }
  if (!options.out.empty()) write_file(options.out, csv);
  if (common.json) return print(json);
  std::cout << aligned(rows);
  if (!options.out.empty()) std::cout << "written: " << options.out.string() << '\n';
}

}  // namespace

void add_search(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "search", "Find the Pareto front of predicted accuracy and latency",
                              "oneproxy search --latency phone.json --limit-ms 5 --limit-ms 10", common);
  command->add_option("--space", options->space, "The space (default: that of the shipped models)");
  command->add_option("--latency", options->latency,
                      "Shipped proxy, file of a predictor, or flops (default: the first shipped proxy)");
  command->add_option(
      "--accuracy", options->accuracy,
      "Accuracies, as of oneproxy run: .onnx, .csv, python:MODULE.FUNCTION, command(...) (default: the shipped "
      "predictor)");
  command->add_option("--limit-ms", options->limits_ms, "Latency limits: the most accurate network for each");
  command
      ->add_option("--search", options->how,
                   "front: all at once; weights: the paper's sweep of t; limits: a sweep of latency limits; "
                   "exhaustive: random architectures; local: all at once from few evaluations (--candidates), where "
                   "they are dear")
      ->check(CLI::IsMember({"front", "weights", "limits", "exhaustive", "local"}))
      ->capture_default_str();
  command->add_option("--steps", options->steps, "Weights or limits of a sweep")
      ->check(CLI::Range(2, 10'000))
      ->capture_default_str();
  command
      ->add_option("--candidates", options->candidates,
                   "Random architectures of an exhaustive search, evaluations of a local one")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  add_evolution_options(*command, options->evolution);
  command->add_option("--threads", options->evolution.threads, "Threads; the result does not depend on them")
      ->capture_default_str();
  command->add_option("--seed", options->evolution.seed, "Of the search")->capture_default_str();
  command->add_option("--out", options->out, "Also write the front as CSV");
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
