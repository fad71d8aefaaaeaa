#include <unistd.h>

#include <iostream>
#include <memory>

#include "cli.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/pipeline/device_campaign.hpp"
#include "oneproxy/report/campaign_report.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::filesystem::path file;
  std::filesystem::path out = "campaign";
  std::string store;
};

/// One line on stderr for all devices; nothing where stderr is no terminal or with --quiet.
class CampaignLine {
 public:
  CampaignLine(const Common& common, const CampaignPlan& plan)
      : enabled_(!common.quiet && isatty(STDERR_FILENO) != 0), plan_(plan), states_(plan.devices.size()) {}
  ~CampaignLine() {
    if (drawn_) std::fputs("\r\033[K", stderr);
  }
  CampaignLine(const CampaignLine&) = delete;
  CampaignLine& operator=(const CampaignLine&) = delete;

  bool update(std::size_t device, const Progress& progress) {
    states_[device] =
        std::string(progress.step) + " " + std::to_string(progress.done) + "/" + std::to_string(progress.total);
    const auto now = std::chrono::steady_clock::now();
    if (enabled_ && now - drawn_at_ > std::chrono::milliseconds(200)) {
      drawn_at_ = now;
      drawn_ = true;
      std::string line;
      for (std::size_t d = 0; d < states_.size(); ++d) {
        if (!states_[d].empty()) line += (line.empty() ? "" : " | ") + plan_.devices[d].name + ": " + states_[d];
      }
      std::fprintf(stderr, "\r\033[K%s", line.c_str());
      std::fflush(stderr);
    }
    return !interrupted();
  }

 private:
  bool enabled_;
  bool drawn_ = false;
  const CampaignPlan& plan_;
  std::vector<std::string> states_;
  std::chrono::steady_clock::time_point drawn_at_{};
};

void run(const Options& options, const Common& common) {
  const CampaignPlan plan = read_campaign_plan(options.file);
  std::error_code error;
  std::filesystem::create_directories(options.out, error);
  const std::string store = options.store.empty() ? (options.out / "measurements.sqlite").string() : options.store;
  CampaignResult result;
  {
    CampaignLine line(common, plan);
    result = run_campaign(plan, store, [&](std::size_t d, const Progress& p) { return line.update(d, p); });
  }
  write_campaign_files(options.out, plan, result);
  if (common.json) {
    print(campaign_json(plan, result));
  } else {
    std::cout << campaign_text(plan, result) << "written: " << options.out.string() << '\n';
  }
  std::size_t failed = 0;
  std::string first;
  for (const auto& part : result.parts) {
    if (part.error.empty()) continue;
    if (failed++ == 0) first = part.device.name + ": " + part.error;
  }
  if (failed > 0) {
    throw InputError(options.file.string(), std::to_string(failed) + " of " + std::to_string(result.parts.size()) +
                                                " devices could not be measured (start again to go on); " + first);
  }
}

}  // namespace

void add_campaign(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command =
      add_command(app, "campaign", "Measure a list of devices and spaces, those of different machines at once",
                  "oneproxy campaign devices.json --out campaign", common);
  command->add_option("file", options->file, "JSON: spaces, devices, samples, repeats (docs/formats/campaign.md)")
      ->required();
  command->add_option("--out", options->out, "Folder of the results; a second start goes on where the first ended")
      ->capture_default_str();
  command->add_option("--store", options->store, "File or postgresql:// URL (default: measurements.sqlite in --out)");
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
