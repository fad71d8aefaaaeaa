#include <iostream>
#include <memory>

#include "commands.hpp"
#include "oneproxy/space/published_table.hpp"
#include "oneproxy/train/gcn_fit.hpp"
#include "oneproxy/train/subnets.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::string space;
  std::filesystem::path table;
  std::string column;
  std::filesystem::path out = "latency.gcn";
  int threads = 1;
  GcnFitOptions fit;
};

void run(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  const LatencyColumn measured = latency_column(read_published_table(options.table, *space), options.column);
  GcnFitOptions fit = options.fit;
  fit.device = measured.device;
  set_train_threads(options.threads);
  GcnModel model;
  {
    ProgressBar bar(common);
    model = fit_gcn(*space, measured.architectures, measured.latency_ms, fit, bar.callback());
  }
  save_gcn(options.out, *space, model);
  const std::string graph = model.kind == GcnGraphKind::cell ? "cell" : "layers";
  if (common.json) {
    return print(
        {{"file", options.out.string()}, {"samples", model.sample_count}, {"graph", graph}, {"epochs", fit.epochs}});
  }
  std::cout << "fitted to " << model.sample_count << " networks (graph: " << graph
            << ")\nwritten: " << options.out.string() << '\n';
}

}  // namespace

void add_gcn(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "gcn", "Fit BRP-NAS's latency predictor to a table of latencies",
                              "oneproxy train gcn --table phone.csv --column phone --out phone.gcn\n"
                              "  oneproxy predict --predictor phone.gcn --table other.csv --column phone",
                              common);
  command->add_option("--space", options->space, "Search space (default: that of the models that come with oneproxy)");
  command->add_option("--table", options->table, "Table of latencies, ours or as others publish it")->required();
  command->add_option("--column", options->column, "Column of the device (may be left out where there is one)");
  command->add_option("--out", options->out, "Predictor to write")->capture_default_str();
  command->add_option("--epochs", options->fit.epochs, "Passes over the table")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--hidden", options->fit.hidden, "Units of each of the four graph convolutions")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--batch", options->fit.batch, "Networks in a step")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads; the result depends on their number")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--seed", options->fit.seed, "Of weights, order and dropout")->capture_default_str();
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
