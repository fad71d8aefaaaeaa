#include <algorithm>
#include <iostream>
#include <memory>

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/pipeline/roofline_study.hpp"
#include "oneproxy/report/svg.hpp"
#include "options.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::string device;
  std::string space;
  std::size_t samples = 100;
  std::uint64_t seed = 1;
  std::filesystem::path out;
  std::filesystem::path svg;
  Protocol protocol;
};

std::string picture(const RooflineStudy& study, const std::string& device) {
  ChartLine networks{.name = "networks", .x = {}, .y = {}, .deviation = {}, .dots = true};
  for (const auto& n : study.networks) {
    networks.x.push_back(n.intensity);
    networks.y.push_back(n.attained_gflops);
  }
  const double right = 1.2 * std::max(study.ridge(), *std::ranges::max_element(networks.x));
  const auto roof = [&](const std::string& name, double ridge) {
    return ChartLine{
        .name = name, .x = {0, ridge, right}, .y = {0, study.roof.gflops, study.roof.gflops}, .deviation = {}};
  };
  std::vector<ChartLine> lines{roof("roof, data in memory", study.ridge()), networks};
  if (study.roof.cache_gbytes_per_s > 0)
    lines.insert(lines.begin(), roof("roof, data in the cache", study.cache_ridge()));
  return line_chart_svg(device, "FLOPs per byte", "GFLOP/s", lines);
}

std::string table(const RooflineStudy& study, const SearchSpace& space) {
  std::string csv = "architecture,flops_per_byte,latency_ms,attained_gflops,roof_gflops,memory_bound\n";
  for (const auto& n : study.networks) {
    csv += space.text(n.architecture) + ',' + number(n.intensity, 9) + ',' + number(n.latency_ms, 9) + ',' +
           number(n.attained_gflops, 9) + ',' + number(n.roof_gflops, 9) +
           (n.intensity < study.ridge() ? ",1\n" : ",0\n");
  }
  return csv;
}

/// Least, median and greatest of a value.
std::vector<std::string> spread(const std::string& name, const RooflineStudy& study,
                                double (*value)(const RoofedNetwork&)) {
  std::vector<double> values;
  for (const auto& n : study.networks) values.push_back(value(n));
  std::ranges::sort(values);
  return {name, number(values.front(), 3), number(values[values.size() / 2], 3), number(values.back(), 3)};
}

void run(const Options& options, const Common& common) {
  const auto device = make_device(options.device, unless_interrupted);
  const SpacePtr space = space_or_default(options.space);
  Rng rng(options.seed);
  const auto xs = space->sample_distinct(options.samples, rng);
  Protocol protocol = options.protocol;
  protocol.seed = options.seed;
  RooflineStudy study;
  {
    ProgressBar bar(common);
    study = study_roofline(*device, *space, xs, protocol, bar.callback());
  }
  if (!options.out.empty()) write_file(options.out, table(study, *space));
  if (!options.svg.empty()) write_file(options.svg, picture(study, device->description()));
  const Roof& roof = study.roof;
  const std::size_t memory_bound = study.memory_bound_count();
  if (common.json) {
    nlohmann::json networks = nlohmann::json::array();
    for (const auto& n : study.networks) {
      networks.push_back({{"architecture", space->text(n.architecture)},
                          {"flops_per_byte", n.intensity},
                          {"latency_ms", n.latency_ms},
                          {"attained_gflops", n.attained_gflops},
                          {"roof_gflops", n.roof_gflops}});
    }
    return print({{"device", device->description()},
                  {"space", space->description()},
                  {"roof",
                   {{"gflops", roof.gflops},
                    {"memory_gbytes_per_s", roof.memory_gbytes_per_s},
                    {"cache_gbytes_per_s", roof.cache_gbytes_per_s},
                    {"origin", roof.origin}}},
                  {"ridge_flops_per_byte", study.ridge()},
                  {"cache_ridge_flops_per_byte", study.cache_ridge()},
                  {"memory_bound", memory_bound},
                  {"compute_bound", study.networks.size() - memory_bound},
                  {"memory_bound_in_cache", study.cache_bound_count()},
                  {"networks", networks}});
  }
  std::cout << device->description() << ": " << number(roof.gflops) << " GFLOP/s, memory "
            << number(roof.memory_gbytes_per_s) << " GB/s";
  if (roof.cache_gbytes_per_s > 0) std::cout << ", cache " << number(roof.cache_gbytes_per_s) << " GB/s";
  std::cout << " (" << roof.origin << ")\n"
            << study.networks.size() << " networks of " << space->description() << ": " << memory_bound
            << " memory-bound, " << study.networks.size() - memory_bound << " compute-bound; the ridge is at "
            << number(study.ridge(), 3) << " FLOPs per byte";
  if (roof.cache_gbytes_per_s > 0) {
    std::cout << ", with data in the cache at " << number(study.cache_ridge(), 3) << " (" << study.cache_bound_count()
              << " left of it)";
  }
  std::cout << '\n'
            << aligned({{"", "least", "median", "greatest"},
                        spread("FLOPs per byte", study, [](const RoofedNetwork& n) { return n.intensity; }),
                        spread("GFLOP/s attained", study, [](const RoofedNetwork& n) { return n.attained_gflops; }),
                        spread("share of the roof", study,
                               [](const RoofedNetwork& n) { return n.attained_gflops / n.roof_gflops; })});
}

}  // namespace

void add_roofline(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "roofline", "Find a device's roof and how close random networks come to it",
                              "oneproxy roofline onednn --samples 50 --svg roofline.svg", common);
  command->add_option("device", options->device, "An engine of this machine, or roofline(...)")->required();
  command->add_option("--space", options->space, "The space (default: that of the shipped models)");
  command->add_option("--samples", options->samples, "Random architectures")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the architectures and the order of measuring")
      ->capture_default_str();
  command->add_option("--out", options->out, "CSV with one line for each network");
  command->add_option("--svg", options->svg, "Picture of the roof and the networks under it");
  add_protocol_options(*command, options->protocol);
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
