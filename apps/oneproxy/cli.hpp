#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "oneproxy/base/progress.hpp"

namespace oneproxy {
class FleetWorkers;
}

namespace oneproxy::cli {

/// What holds for every command.
struct Common {
  bool quiet = false;
  bool json = false;
};

/// A bar on stderr with the time left, for steps of over two seconds; nothing where stderr is no terminal or --quiet.
class ProgressBar {
 public:
  explicit ProgressBar(const Common& common);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  /// Valid as long as this bar. Returns false once the user pressed Ctrl-C.
  ProgressCallback callback();

 private:
  void draw(const Progress& progress);
  void wipe();

  bool enabled_;
  bool drawn_ = false;
  std::string step_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point drawn_at_;
};

/// Makes Ctrl-C stop the running step through its progress callback (what was measured is on disk).
void catch_interrupts();
bool interrupted();
/// Progress that is not shown: stops a step once the user pressed Ctrl-C.
bool unless_interrupted(const Progress&);

/// Adds --quiet and --json, and an example under the help text.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example,
                      Common& common);

/// Prints `json` and a newline to stdout.
void print(const nlohmann::json& json);
/// Whether stdout is a terminal that colours are wanted on: neither NO_COLOR (https://no-color.org) nor TERM=dumb.
bool colour_wanted();
/// Aligned columns: the first row is the header (bold where colour is wanted); numbers to the right.
std::string aligned(const std::vector<std::vector<std::string>>& rows);
/// `value` with `digits` significant digits.
std::string number(double value, int digits = 4);

// One file each; every function adds its command to the app.
void add_run(CLI::App& app, Common& common);
void add_space(CLI::App& app, Common& common);
void add_devices(CLI::App& app, Common& common);
void add_measure(CLI::App& app, Common& common);
void add_proxy(CLI::App& app, Common& common);
void add_adapt(CLI::App& app, Common& common);
void add_search(CLI::App& app, Common& common);
void add_compare(CLI::App& app, Common& common);
void add_evaluate(CLI::App& app, Common& common);
void add_report(CLI::App& app, Common& common);
void add_export(CLI::App& app, Common& common);
void add_completion(CLI::App& app, Common& common);
void add_manual(CLI::App& app, Common& common);
void add_campaign(CLI::App& app, Common& common);
void add_store(CLI::App& app, Common& common);
void add_roofline(CLI::App& app, Common& common);
void add_monotonicity(CLI::App& app, Common& common);
void add_import(CLI::App& app, Common& common);
void add_lookup_table(CLI::App& app, Common& common);
void add_kernels(CLI::App& app, Common& common);
void add_predict(CLI::App& app, Common& common);
void add_reproduce(CLI::App& app, Common& common);
/// `workers`: who computes; nullptr: threads of this process, as the options say.
void add_fleet(CLI::App& app, Common& common, FleetWorkers* workers = nullptr);

}  // namespace oneproxy::cli
