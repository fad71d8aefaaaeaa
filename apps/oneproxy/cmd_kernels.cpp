#include <cmath>
#include <iostream>
#include <memory>

#include "campaign_store.hpp"
#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/pipeline/kernel_campaign.hpp"
#include "oneproxy/space/network_list.hpp"
#include "oneproxy/space/onnx_reader.hpp"
#include "oneproxy/space/published_table.hpp"
#include "options.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::vector<std::string> spaces;
  std::vector<std::string> onnx;
  std::string device;
  std::filesystem::path out = "kernels.json";
  std::size_t networks = 200;
  std::filesystem::path table;
  std::string column;
  std::filesystem::path rules;
  bool resume = false;
  KernelCampaignOptions campaign;
};

/// Networks in which the kernels to be measured are looked for; `names` becomes what they are, in one line.
std::vector<Network> example_networks(const Options& options, std::string& names) {
  std::vector<Network> networks;
  std::vector<std::string> spaces = options.spaces;
  if (spaces.empty() && options.onnx.empty()) spaces.emplace_back();
  for (const auto& description : spaces) {
    const SpacePtr space = space_or_default(description);
    names += (names.empty() ? "" : "; ") + space->description();
    Rng rng(options.campaign.seed);
    for (std::size_t i = 0; i < options.networks; ++i) networks.push_back(space->network(space->sample(rng)));
  }
  for (const auto& file : options.onnx) {
    names += (names.empty() ? "" : "; ") + file;
    networks.push_back(read_onnx(file));
  }
  return networks;
}

nlohmann::json finite(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr); }

void print_result(const Options& options, const KernelCampaign& result, const Common& common) {
  const auto& parts = result.model.parts();
  nlohmann::json json{
      {"file", options.out.string()},     {"device", parts.device},           {"measurements", parts.measurement_count},
      {"overhead_ms", parts.overhead_ms}, {"rules", nlohmann::json::array()}, {"kernels", nlohmann::json::array()},
      {"left_out", result.left_out}};
  std::vector<std::vector<std::string>> rules{{"first", "second", "alone ms", "alone ms", "together ms", "fused"}};
  for (const auto& rule : result.rules) {
    json["rules"].push_back({{"first", rule.first},
                             {"second", rule.second},
                             {"first_ms", rule.first_ms},
                             {"second_ms", rule.second_ms},
                             {"together_ms", rule.together_ms},
                             {"fused", rule.fused}});
    rules.push_back({rule.first, rule.second, number(rule.first_ms, 3), number(rule.second_ms, 3),
                     number(rule.together_ms, 3), rule.fused ? "yes" : "no"});
  }
  std::vector<std::vector<std::string>> kinds{{"kernel", "measured", "mean ms", "held-out RMSE ms"}};
  for (const auto& kind : result.kinds) {
    json["kernels"].push_back({{"kind", kind.kind},
                               {"measured", kind.measured},
                               {"mean_ms", kind.mean_ms},
                               {"held_out_rmse_ms", finite(kind.held_out_rmse_ms)}});
    kinds.push_back({kind.kind, std::to_string(kind.measured), number(kind.mean_ms, 3),
                     std::isfinite(kind.held_out_rmse_ms) ? number(kind.held_out_rmse_ms, 3) : "-"});
  }
  if (common.json) return print(json);
  std::cout << parts.device << "\n\n" << aligned(rules) << '\n' << aligned(kinds) << '\n';
  if (!result.left_out.empty() && !common.quiet) {
    std::cout << result.left_out.size() << " kernels cannot be measured alone, e.g. " << result.left_out.front()
              << '\n';
  }
  std::cout << parts.measurement_count << " networks measured\nwritten: " << options.out.string() << '\n';
}

/// The linear form, from latencies of whole networks that somebody measured.
void fit_table(const Options& options, const Common& common) {
  if (options.spaces.size() > 1) throw InputError("--space", "expected the one space of the table");
  const SpacePtr space = space_or_default(options.spaces.empty() ? "" : options.spaces.front());
  const LatencyColumn measured = latency_column(read_published_table(options.table, *space), options.column);
  if (measured.architectures.size() < 2) throw InputError(options.table.string(), "expected at least two networks");
  std::vector<Network> networks;
  for (const auto& x : measured.architectures) networks.push_back(space->network(x));
  FusionRules rules;
  if (!options.rules.empty()) rules = load_kernel_model(options.rules).parts().rules;
  const KernelModel model = fit_kernel_counts(measured.device, std::move(rules), networks, measured.latency_ms);
  save_kernel_model(options.out, model);
  if (common.json) {
    return print({{"file", options.out.string()},
                  {"networks", networks.size()},
                  {"kernels", model.parts().weight_ms.size()},
                  {"overhead_ms", model.parts().overhead_ms}});
  }
  std::cout << "fitted " << model.parts().weight_ms.size() << " kernels to " << networks.size()
            << " networks\nwritten: " << options.out.string() << '\n';
}

void run(Options options, const Common& common) {
  if (!options.table.empty()) return fit_table(options, common);
  std::string names;
  const std::vector<Network> examples = example_networks(options, names);
  const auto device = make_device(options.device.empty() ? default_engine() : options.device);
  options.campaign.protocol.seed = options.campaign.seed;
  options.campaign.forest.seed = options.campaign.seed;
  CampaignStore store(options.out.string() + ".sqlite", options.resume);
  const auto id = store.begin("kernels", NetworkList("kernels of " + names, {}), *device, options.campaign.protocol,
                              options.campaign.seed,
                              {{"networks", options.networks},
                               {"kernels_of_a_kind", options.campaign.kernels_of_a_kind},
                               {"pair_sizes", options.campaign.pair_sizes},
                               {"measurements", options.campaign.measurements},
                               {"fused_from", options.campaign.fused_from}});
  KernelCampaign result;
  {
    ProgressBar bar(common);
    result = run_kernel_campaign(*device, examples, options.campaign, store.store(), id, bar.callback());
  }
  save_kernel_model(options.out, result.model);
  print_result(options, result, common);
}

}  // namespace

void add_kernels(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "kernels", "Measure what a device fuses and its kernels; fit a predictor to them",
                              "oneproxy kernels --device onnxruntime --out kernels.json\n"
                              "  oneproxy predict --onnx network.onnx --predictor kernels.json",
                              common);
  command->add_option("--space", options->spaces,
                      "Spaces whose networks show which kernels there are (default: that of the shipped models)");
  command->add_option("--onnx", options->onnx, "Networks that show it too, as ONNX files")->check(CLI::ExistingFile);
  command->add_option("--device", options->device, "Device (default: the first engine of this machine)");
  command->add_option("--out", options->out, "The predictor; raw measurements go to the same name with .sqlite")
      ->capture_default_str();
  command->add_option("--table", options->table,
                      "Fit the linear form to this table of whole networks' latencies in place of measuring");
  command->add_option("--column", options->column, "Column of the table (may be left out where there is one)");
  command->add_option("--rules", options->rules, "Predictor whose fusion rules hold for --table (default: none fuse)");
  command->add_option("--networks", options->networks, "Random networks of each space to look at, not to measure")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--kernels", options->campaign.kernels_of_a_kind, "Most configurations of a kind to measure")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--measurements", options->campaign.measurements, "Most networks to measure in all (0: no limit)")
      ->capture_default_str();
  command->add_option("--pair-sizes", options->campaign.pair_sizes, "Sizes in which a pair of operators is measured")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      ->add_option("--fused-from", options->campaign.fused_from,
                   "Saving that makes two operators one, as a share of the second one's latency")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--trees", options->campaign.forest.trees, "Trees of each forest")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", options->campaign.seed, "Of networks, kernels, order of measuring and forests")
      ->capture_default_str();
  command->add_flag("--resume", options->resume, "Go on with an interrupted campaign: measure only what is missing");
  add_protocol_options(*command, options->campaign.protocol);
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
