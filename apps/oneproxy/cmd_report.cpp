#include <iostream>
#include <memory>

#include "cli.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/report/live_log.hpp"
#include "oneproxy/report/page.hpp"
#include "report_server.hpp"

namespace oneproxy::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path folder;
  bool serve = false;
  int port = 8642;
};

void run(const Options& options, const Common& common) {
  std::error_code error;
  if (!fs::is_directory(options.folder, error)) {
    throw InputError(options.folder.string(), "is no folder; expected the --out of a run");
  }
  const bool has_result = fs::exists(options.folder / "result.json", error);
  if (has_result || !options.serve) write_page(options.folder);
  const fs::path page = options.folder / "index.html";
  if (!options.serve) {
    if (common.json) return print({{"page", page.string()}});
    std::cout << "page: " << page.string() << '\n';
    return;
  }
  if (!has_page()) write_page(options.folder);  // says how to get it
  if (!has_result && read_live(options.folder)["state"] == "none") {
    throw InputError(options.folder.string(), "holds neither result.json nor a campaign that runs");
  }
  serve_report(options.folder, options.port, [&](int port) {
    const std::string address = "http://127.0.0.1:" + std::to_string(port) + "/";
    if (common.json)
      print({{"address", address}});
    else
      std::cout << "serving " << options.folder.string() << " at " << address << " until Ctrl-C\n";
    std::cout.flush();
  });
}

}  // namespace

void add_report(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "report", "Make the page of a run again, or show it while it runs",
                              "oneproxy report oneproxy-run --serve", common);
  command->add_option("folder", options->folder, "The --out of a run")->required();
  command->add_flag("--serve", options->serve,
                    "Serve it on this machine alone, with what a running campaign measures as it comes in");
  command->add_option("--port", options->port, "Of --serve; 0: one that is free")
      ->check(CLI::Range(0, 65'535))
      ->capture_default_str();
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
