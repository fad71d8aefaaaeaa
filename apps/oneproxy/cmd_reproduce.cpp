#include <cstdlib>
#include <iostream>
#include <memory>
#include <thread>

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/reproduce/reproduce.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::vector<std::string> figures;
  bool all = false;
  bool list = false;
  std::filesystem::path json;
  std::filesystem::path out;
  ReproduceOptions reproduce;
};

/// Where the shipped models are; "" where they are not: many figures do without.
std::filesystem::path task_folder() {
  try {
    return default_models();
  } catch (const InputError&) {
    return {};
  }
}

/// ONEPROXY_DATA, or ../shared/data beside the folder that holds models/.
std::filesystem::path data_folder(const std::filesystem::path& task) {
  if (const char* set = std::getenv("ONEPROXY_DATA"); set != nullptr && *set != '\0') return set;
  return task.parent_path().parent_path().parent_path() / "shared" / "data";
}

void print_list(const ReproduceOptions& options) {
  std::vector<std::vector<std::string>> rows{{"figure", "what", "needs"}};
  for (const auto& maker : figure_makers()) {
    std::string needs = why_not(maker, options);
    rows.push_back({maker.id, maker.title, needs.empty() ? "nothing that is not here" : needs});
  }
  std::cout << aligned(rows);
}

void run(const Options& given, const Common& common) {
  Options options = given;
  options.reproduce.models = task_folder();
  options.reproduce.data = data_folder(options.reproduce.models);
  if (options.list) return print_list(options.reproduce);
  if (options.all != options.figures.empty()) {
    throw InputError("reproduce", "expected names of figures or --all (--list shows what there is)");
  }
  Reproduction result;
  {
    ProgressBar bar(common);
    result = options.all ? reproduce_all(options.reproduce, bar.callback())
                         : reproduce(options.figures, options.reproduce, bar.callback());
  }
  if (!options.json.empty()) write_file(options.json, reproduction_json(result).dump(2) + "\n");
  if (!options.out.empty()) write_reproduction(options.out, result, options.reproduce);
  if (options.json == "/dev/stdout") return;
  for (const auto& figure : result.figures) {
    std::cout << figure.id << ": " << figure.title << "\n";
    for (const auto& note : figure.notes) std::cout << "  " << note << "\n";
    std::cout << "\n" << aligned(figure_table(figure)) << "\n";
  }
  for (const auto& [id, reason] : result.left_out) std::cout << "left out: " << id << " " << reason << "\n";
  if (!options.out.empty()) std::cout << "written: " << (options.out / "reproduction.md").string() << "\n";
}

}  // namespace

void add_reproduce(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto& reproduce = options->reproduce;
  reproduce.threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  // Not add_command(): --json names a file here.
  auto* command = app.add_subcommand("reproduce", "The paper's figures and tables again, its values beside ours");
  command->footer(
      "Example:\n  oneproxy reproduce fig31 fig15 --out figures\n\nPublished tables are read from the folder "
      "$ONEPROXY_DATA. docs/results/reproduction.md is what --all --out writes.");
  command->add_flag("-q,--quiet", common.quiet, "No progress and no remarks");
  command->add_option("figures", options->figures, "fig31, table1 ...; --list shows all");
  command->add_flag("--all", options->all, "All that can be made here; the others are listed with the reason");
  command->add_flag("--list", options->list, "What there is, and what each needs");
  command->add_option("--draws", reproduce.draws, "Random choices of samples behind each mean")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->capture_default_str();
  command->add_option("--seed", reproduce.seed, "Of the samples")->capture_default_str();
  command->add_option("--threads", reproduce.threads, "Threads; changes no result")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--json", options->json, "File for the rows");
  command->add_option("--out", options->out, "Folder for reproduction.md, reproduction.json and the pictures (SVG)");
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
