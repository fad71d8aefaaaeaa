#include <iostream>
#include <map>
#include <memory>

#include "cli.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/report/store_export.hpp"
#include "oneproxy/store/store.hpp"

namespace oneproxy::cli {
namespace {

Store open_existing(const std::string& place) {
  std::error_code error;
  if (!is_server(place) && !std::filesystem::exists(place, error)) throw InputError(place, "does not exist");
  if (std::filesystem::is_regular_file(place, error) && std::filesystem::file_size(place, error) == 0) {
    throw InputError(place, "is empty; expected a store of measurements");
  }
  return Store(place);
}

void list(const std::string& place, const Common& common) {
  const Store store = open_existing(place);
  nlohmann::json json = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows{{"run", "started", "measurements", "device", "space", "command"}};
  for (const auto& run : store.runs()) {
    std::map<std::string, std::size_t> counts;
    std::size_t all = 0;
    for (const auto& row : store.rows(run.id)) {
      ++counts[row.role];
      ++all;
    }
    json.push_back({{"run", run.id},
                    {"started", run.started},
                    {"command", run.settings.command},
                    {"space", run.settings.space},
                    {"device", run.settings.device},
                    {"seed", run.settings.seed},
                    {"measurements", counts}});
    rows.push_back({std::to_string(run.id), run.started, std::to_string(all), run.settings.device, run.settings.space,
                    run.settings.command});
  }
  if (common.json) return print(json);
  std::cout << aligned(rows);
}

struct ExportOptions {
  std::string store;
  std::filesystem::path out;
  std::string format = "csv";
};

void export_rows(const ExportOptions& options, const Common& common) {
  const Store store = open_existing(options.store);
  const Salvage salvage = store.salvage();
  std::vector<StoredRun> runs;
  try {
    runs = store.runs();
  } catch (const InputError&) {
    // One of the faults of the salvage: measurements are written without their runs' settings.
  }
  const auto write = options.format == "csv" ? store_csv : options.format == "jsonl" ? store_jsonl : store_parquet;
  write_file(options.out, write(runs, salvage.measurements));
  if (common.json) {
    print({{"file", options.out.string()}, {"measurements", salvage.measurements.size()}, {"faults", salvage.faults}});
  } else if (!common.quiet) {
    std::cout << salvage.measurements.size() << " measurements written: " << options.out.string() << '\n';
  }
  if (!salvage.faults.empty()) {
    throw InputError(options.store, "is damaged; what can be read is written (oneproxy store check names the faults)");
  }
}

void merge(const std::string& into, const std::vector<std::string>& from, const Common& common) {
  std::vector<Store> others;  // all of them before anything is written
  for (const auto& place : from) others.push_back(open_existing(place));
  Store target(into);
  nlohmann::json json = nlohmann::json::array();
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::size_t taken = target.merge(others[i]);
    json.push_back({{"from", from[i]}, {"taken", taken}});
    if (!common.json && !common.quiet) std::cout << taken << " measurements taken from " << from[i] << '\n';
  }
  if (common.json) print(json);
}

void check(const std::string& place, const Common& common) {
  const Salvage salvage = open_existing(place).salvage();
  if (common.json) {
    print({{"readable", salvage.measurements.size()}, {"faults", salvage.faults}});
  } else {
    for (const auto& fault : salvage.faults) std::cout << fault << '\n';
    std::cout << salvage.measurements.size() << " measurements can be read\n";
  }
  if (!salvage.faults.empty()) {
    throw InputError(place, "has " + std::to_string(salvage.faults.size()) + " faults; export what can be read");
  }
}

}  // namespace

void add_store(CLI::App& app, Common& common) {
  auto* group = app.add_subcommand("store", "List, export, merge and check stores of measurements");
  group->require_subcommand(1);
  group->footer("Example:\n  oneproxy store list run/measurements.sqlite");
  const char* const what = "The store: a file, or postgresql://USER@HOST/DATABASE";

  auto place = std::make_shared<std::string>();
  auto* listing =
      add_command(*group, "list", "List the runs of a store", "oneproxy store list run/measurements.sqlite", common);
  listing->add_option("store", *place, what)->required();
  listing->callback([place, &common] { list(*place, common); });

  auto options = std::make_shared<ExportOptions>();
  auto* exporting = add_command(*group, "export", "Write every measurement of a store to a file",
                                "oneproxy store export run/measurements.sqlite --out all.csv", common);
  exporting->add_option("store", options->store, what)->required();
  exporting->add_option("--out", options->out, "The file")->required();
  exporting->add_option("--format", options->format, "csv: summaries; jsonl and parquet (needs DuckDB): every run too")
      ->check(CLI::IsMember({"csv", "jsonl", "parquet"}))
      ->capture_default_str();
  exporting->callback([options, &common] { export_rows(*options, common); });

  auto from = std::make_shared<std::vector<std::string>>();
  auto into = std::make_shared<std::string>();
  auto* merging = add_command(*group, "merge", "Copy into a store what others have and it lacks",
                              "oneproxy store merge all.sqlite monday.sqlite tuesday.sqlite", common);
  merging->add_option("into", *into, "The store that grows; made where there is none")->required();
  merging->add_option("from", *from, "The others, which keep all they hold")->required();
  merging->callback([into, from, &common] { merge(*into, *from, common); });

  auto checked = std::make_shared<std::string>();
  auto* checking = add_command(*group, "check", "Read everything in a store and name what is damaged",
                               "oneproxy store check run/measurements.sqlite", common);
  checking->add_option("store", *checked, what)->required();
  checking->callback([checked, &common] { check(*checked, common); });
}

}  // namespace oneproxy::cli
