#include <iostream>
#include <memory>
#include <set>
#include <sstream>

#include "campaign_store.hpp"
#include "cli.hpp"
#include "explain.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/measure/latency_model.hpp"
#include "oneproxy/pipeline/device_campaign.hpp"
#include "oneproxy/pipeline/measure_missing.hpp"
#include "oneproxy/space/arch_table.hpp"
#include "options.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::string space;
  std::vector<std::string> devices;
  std::vector<std::string> names;
  std::size_t samples = 50;
  std::size_t repeats = 20;
  std::filesystem::path architectures;
  std::filesystem::path out;
  std::uint64_t seed = 1;
  bool resume = false;
  bool explain = false;
  Protocol protocol;
};

/// One architecture a line, as text or JSON.
std::vector<Architecture> read_architectures(const std::filesystem::path& file, const SearchSpace& space) {
  std::istringstream lines(read_file(file));
  std::vector<Architecture> xs;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) continue;
    try {
      xs.push_back(space.parse(line));
    } catch (const InputError& error) {
      throw InputError(file.string() + ", line " + std::to_string(number), error.what());
    }
  }
  if (xs.empty()) throw InputError(file.string(), "holds no architectures; expected one a line, as text or JSON");
  return xs;
}

/// What names a device in a table's header: its description where that holds no comma.
std::string column_name(const Options& options, std::size_t device) {
  std::string name = device < options.names.size() ? options.names[device] : options.devices[device];
  std::ranges::replace(name, ',', ';');
  return name;
}

void run(const Options& options, const Common& common) {
  if (options.out.empty() && !options.explain) {
    throw InputError("--out", "is missing; expected the table's file (FILE.sqlite beside it keeps every measurement)");
  }
  const SpacePtr space = space_or_default(options.space);
  if (!options.names.empty() && options.names.size() != options.devices.size()) {
    throw InputError("--name", "expected one for each --device");
  }
  std::set<std::string> names;
  for (std::size_t d = 0; d < options.devices.size(); ++d) {
    if (!names.insert(column_name(options, d)).second) {
      throw InputError("--name",
                       "'" + column_name(options, d) + "' stands twice; expected a name of its own for each --device");
    }
  }
  Rng rng(options.seed);
  ArchTable table;
  table.architectures = options.architectures.empty()
                            ? space->sample_distinct(options.explain ? 1 : options.samples, rng)
                            : read_architectures(options.architectures, *space);
  if (options.explain) return explain(options.devices, *space, table.architectures.front(), common);
  table.values.resize(static_cast<Eigen::Index>(table.architectures.size()),
                      static_cast<Eigen::Index>(options.devices.size()));
  const std::string store = options.out.string() + ".sqlite";
  std::vector<std::unique_ptr<Device>> devices;  // a wrong one is told before any is measured
  for (const auto& description : options.devices) devices.push_back(make_device(description, unless_interrupted));
  CampaignStore campaign(store, options.resume);
  nlohmann::json json{{"file", options.out.string()}, {"store", store}, {"space", space->description()}};
  std::vector<std::vector<std::string>> rows{
      {"device", "networks", "median of medians ms", "ended by confidence", "SRCC of a repeat"}};
  for (std::size_t d = 0; d < options.devices.size(); ++d) {
    const auto& device = devices[d];
    Protocol protocol = options.protocol;
    protocol.seed = options.seed;
    const auto run = campaign.begin("measure", *space, *device, protocol, options.seed, {});
    std::vector<Measurement> measured;
    std::optional<Repeatability> again;
    {
      ProgressBar bar(common);
      measured = measure_missing(*device, *space, table.architectures, protocol, campaign.store(), run, "sample",
                                 "measuring on " + device->description(), bar.callback());
      if (options.repeats > 1 && !is_exact(*device)) {
        again = measure_repeats(*device, *space, measured, options.repeats, protocol, campaign.store(), run,
                                bar.callback());
      }
    }
    const std::string name = column_name(options, d);
    table.columns.push_back(name);
    table.notes.emplace_back("device " + name, device->description());
    table.notes.emplace_back("machine " + name, device->facts().cpu + "; " + device->facts().engine);
    std::vector<std::string> warnings;
    if (const LatencyModel* const model = latency_model(*device)) warnings = model->warnings();
    if (again && again->srcc < good_repeatability) {
      warnings.push_back("measured again it ranks networks with SRCC " + number(again->srcc, 3) +
                         " only: differences between its networks are partly chance");
    }
    for (const auto& warning : warnings) table.notes.emplace_back("warning " + name, warning);
    std::vector<double> medians;
    std::size_t confident = 0;
    for (std::size_t i = 0; i < measured.size(); ++i) {
      table.values(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(d)) = measured[i].median_ms;
      medians.push_back(measured[i].median_ms);
      confident += measured[i].stopped_by == "budget" ? 0 : 1;
    }
    std::ranges::nth_element(medians, medians.begin() + static_cast<std::ptrdiff_t>(medians.size() / 2));
    const double middle = medians[medians.size() / 2];
    const double share = static_cast<double>(confident) / static_cast<double>(measured.size());
    json["devices"].push_back({{"device", device->description()},
                               {"name", name},
                               {"networks", measured.size()},
                               {"median_ms", middle},
                               {"share_ended_by_confidence", share},
                               {"repeatability_srcc", again ? nlohmann::json(again->srcc) : nlohmann::json()},
                               {"warnings", warnings}});
    rows.push_back({device->description(), std::to_string(measured.size()), number(middle),
                    number(100 * share, 3) + "%", again ? number(again->srcc, 3) : "-"});
  }
  table.notes.emplace_back("latency", "median in ms of one image");
  write_arch_table(options.out, *space, table);
  if (common.json) return print(json);
  std::cout << aligned(rows) << "written: " << options.out.string() << "; every measurement: " << store << '\n';
}

}  // namespace

void add_measure(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command =
      add_command(app, "measure", "Measure architectures on devices and write a table of latencies",
                  "oneproxy measure --device \"onednn(threads=1)\" --samples 100 --out latency.csv", common);
  command->add_option("--space", options->space, "The space (default: that of the shipped models)");
  command->add_option("--device", options->devices, "Devices, one after the other (oneproxy devices lists them)")
      ->required();
  command->add_option("--name", options->names, "Column names, one for each device (default: their descriptions)");
  command->add_option("--samples", options->samples, "Random architectures")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--repeats", options->repeats, "Of these, measured twice to see how well a device repeats itself")
      ->capture_default_str();
  command->add_option("--architectures", options->architectures,
                      "File with one architecture a line, in place of random ones");
  command->add_option("--out", options->out, "The table; raw measurements go to the same name with .sqlite");
  command->add_option("--seed", options->seed, "Of the random architectures and the order of measuring")
      ->capture_default_str();
  command->add_flag("--resume", options->resume, "Go on with an interrupted campaign: measure only what is missing");
  command->add_flag("--explain", options->explain,
                    "For fpga, roofline and gables: print what limits each layer of the first architecture");
  add_protocol_options(*command, options->protocol);
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
