#include <chrono>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>

#include "campaign_store.hpp"
#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/pipeline/measure_missing.hpp"
#include "oneproxy/predict/accuracy.hpp"
#include "oneproxy/report/fleet_files.hpp"
#include "oneproxy/report/page.hpp"
#include "options.hpp"
#include "version.hpp"

namespace oneproxy::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCandidateCount = 10'000;

struct Options {
  fs::path file;
  fs::path out;
  bool resume = false;
  std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  Protocol protocol;
};

std::vector<Proxy> load_known(const std::vector<KnownDevices>& devices, const SpacePtr& space, std::uint64_t seed) {
  std::vector<Proxy> proxies;
  for (const auto& known : devices) {
    if (const auto* name = std::get_if<std::string>(&known)) {
      proxies.push_back(load_proxy(*name, space));
    } else {
      for (auto& proxy : fit_columns(std::get<TableColumns>(known), space, seed)) proxies.push_back(std::move(proxy));
    }
  }
  return proxies;
}

FleetOptions options_of(const FleetFile& file) {
  FleetOptions options;
  options.threshold = file.threshold;
  options.limit_count = file.limit_count;
  options.limits_ms = file.limits_ms;
  options.front_count = file.front_count;
  options.search_count = file.search_count;
  options.cost = file.cost;
  options.seed = file.seed;
  return options;
}

/// Measures live devices in the process that writes, and tells the others.
class LiveMeasuring {
 public:
  LiveMeasuring(const Options& options, const SearchSpace& space, FleetWorkers& workers,
                const ProgressCallback& progress)
      : options_(options), space_(space), workers_(workers), progress_(progress) {}

  std::vector<double> operator()(const LiveDevice& live, std::span<const Architecture> xs) {
    const std::string bytes = workers_.share([&] {
      const fs::path file = options_.out / "measurements.sqlite";
      std::error_code error;
      if (!campaign_) campaign_ = std::make_unique<CampaignStore>(file, options_.resume && fs::exists(file, error));
      const auto device = make_device(live.description, progress_);
      const auto run = campaign_->begin("measure", space_, *device, options_.protocol, options_.protocol.seed,
                                        {{"for", "fleet"}, {"name", live.name}});
      const std::string step = "measuring " + live.name;
      std::vector<double> latency_ms;
      for (const auto& m : measure_missing(*device, space_, xs, options_.protocol, campaign_->store(), run, "sample",
                                           step, progress_)) {
        latency_ms.push_back(m.median_ms);
      }
      return std::string(reinterpret_cast<const char*>(latency_ms.data()), latency_ms.size() * sizeof(double));
    });
    std::vector<double> latency_ms(bytes.size() / sizeof(double));
    std::memcpy(latency_ms.data(), bytes.data(), bytes.size());
    return latency_ms;
  }

 private:
  const Options& options_;
  const SearchSpace& space_;
  FleetWorkers& workers_;
  const ProgressCallback& progress_;
  std::unique_ptr<CampaignStore> campaign_;
};

void run(const Options& options, const Common& common, FleetWorkers* given) {
  const auto started = std::chrono::steady_clock::now();
  std::unique_ptr<FleetWorkers> own;
  if (given == nullptr) own = std::make_unique<ThreadWorkers>(options.threads);
  FleetWorkers& workers = given != nullptr ? *given : *own;
  if (workers.writes()) check_fleet_folder(options.out, options.resume);

  const FleetFile file = read_fleet_file(options.file);
  const SpacePtr space = space_or_default(file.space);
  auto proxies = load_known(file.proxies, space, file.seed);
  if (proxies.empty()) proxies = load_proxies("auto", space);
  std::vector<std::vector<Proxy>> bases;
  for (const auto& entry : file.devices) {
    const auto* simulation = std::get_if<Simulation>(&entry);
    if (simulation == nullptr) continue;
    bases.push_back(simulation->base.empty() ? proxies : load_known(simulation->base, space, file.seed));
  }
  const auto accuracy = load_accuracy(file.accuracy.empty() ? default_models() / "accuracy.onnx" : file.accuracy, space,
                                      file.accuracy_column);
  std::vector<Architecture> random;
  const std::vector<Architecture>* candidates = accuracy_architectures(*accuracy);
  if (candidates == nullptr) {
    Rng rng(file.seed);
    random = space->sample_distinct(kCandidateCount, rng);
    candidates = &random;
  }

  nlohmann::json result;
  const FleetOptions fleet = options_of(file);
  FleetEffort effort{.process_count = workers.process_count(), .thread_count = workers.thread_count()};
  FleetSamples samples;
  FleetProblem problem{.space = space, .proxies = proxies, .accuracy = *accuracy, .samples = samples};
  std::optional<FleetPosterior> posterior;
  {
    ProgressBar bar(common);
    const ProgressCallback progress = workers.writes() ? bar.callback() : ProgressCallback();
    LiveMeasuring measure(options, *space, workers, progress);
    samples = gather_samples(file, space, proxies, bases, *candidates, std::ref(measure));
    if (file.posterior) problem.posterior = &posterior.emplace(space, proxies, samples.architectures, file.seed);
    const FleetFindings findings = run_fleet(problem, fleet, workers, options.out, options.resume, progress);
    if (!workers.writes()) return;
    effort.device_count = samples.devices.size() - findings.kept_count;
    result = fleet_json(options.out, problem, fleet, findings);
  }
  effort.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  write_fleet_files(options.out, result, effort, {{"oneproxy", version}});
  if (has_page()) write_page(options.out);
  if (common.json) return print(result);
  if (!common.quiet) std::cout << fleet_text(result) << '\n';
  std::cout << "results: " << options.out.string() << '\n';
}

}  // namespace

void add_fleet(CLI::App& app, Common& common, FleetWorkers* workers) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "fleet", "Fronts for a whole fleet of devices, and the proxies that serve it",
                              "oneproxy fleet fleet.json --out fleet-results\n\n"
                              "fleet.json, the smallest: {\"devices\": [{\"table\": \"latency.csv\"}]}\n"
                              "2,000 devices made up from the shipped ones: {\"devices\": [{\"simulate\": 2000}]}\n\n"
                              "On many machines: mpirun -n 64 oneproxy fleet fleet.json --out fleet-results",
                              common);
  command->add_option("file", options->file, "The fleet: JSON (docs/formats/fleet.md)")->required();
  command->add_option("--out", options->out, "Folder of the results")->required();
  command->add_flag("--resume", options->resume, "Go on with an interrupted run, where there is one");
  command
      ->add_option("--threads", options->threads,
                   "Threads (under MPI: one for each process); the result does not depend on them")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  add_protocol_options(*command, options->protocol);
  command->callback([options, &common, workers] { run(*options, common, workers); });
}

}  // namespace oneproxy::cli
