#include <iostream>
#include <memory>
#include <optional>

#include "campaign_store.hpp"
#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/pipeline/measure_missing.hpp"
#include "oneproxy/pipeline/operator_profile.hpp"
#include "oneproxy/predict/implied_table.hpp"
#include "oneproxy/space/arch_table.hpp"
#include "options.hpp"

namespace oneproxy::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string space;
  std::string device;
  std::string format = "oneproxy";
  std::string method = "difference";
  std::string proxy;
  std::string predictor;
  std::size_t samples = 50;
  fs::path table;
  std::string column;
  bool by_block = false;
  std::size_t calibrate = 10;
  std::size_t check = 20;
  fs::path out;
  std::uint64_t seed = 1;
  bool resume = false;
  AdaptationOptions adaptation;
  Protocol protocol;
};

/// Entries by the operators' own keys, and what is told of them.
struct Made {
  std::vector<OperatorLatency> entries;
  LookupOrigin origin;
  nlohmann::json json;
  std::string text;
};

/// A device, the store of what it measured, and the run of its whole networks once there is one.
struct Campaign {
  const Options& options;
  const SpacePtr& space;
  ProgressCallback progress;
  std::unique_ptr<Device> device;
  CampaignStore store;
  std::optional<std::int64_t> networks_run = {};

  /// Random networks; those of another role are others.
  LatencyColumn networks(std::size_t count, const std::string& role) {
    if (!networks_run) {
      networks_run =
          store.begin("lookup-table networks", *space, *device, options.protocol, options.seed, nlohmann::json());
    }
    Rng rng = Rng(options.seed).stream(role == "sample" ? 1 : role == "check" ? 2 : 3);
    LatencyColumn result{space->sample_distinct(count, rng), {}, device->description()};
    for (const auto& m :
         measure_missing(*device, *space, result.architectures, options.protocol, store.store(), *networks_run, role,
                         "measuring networks on " + device->description(), progress)) {
      result.latency_ms.push_back(m.median_ms);
    }
    return result;
  }
};

Made profile(const OperatorSpace& operators, Campaign& campaign) {
  const Options& options = campaign.options;
  const auto run = campaign.store.begin("lookup-table operators", operators, *campaign.device, options.protocol,
                                        options.seed, options.method);
  OperatorProfile found = profile_operators(*campaign.device, operators, profile_method_of(options.method),
                                            options.protocol, campaign.store.store(), run, campaign.progress);
  Made made;
  made.origin = {campaign.device->description(), options.method};
  made.json = {{"networks_measured", found.measured_count}, {"not_positive", found.not_positive_count}};
  made.text = std::to_string(found.entries.size()) + " operators from " + std::to_string(found.measured_count) +
              " networks, " + (options.method == "alone" ? "each alone" : "each as the difference of two") + "; " +
              std::to_string(found.not_positive_count) + " not above 0 ms\n";
  made.entries = std::move(found.entries);
  return made;
}

/// The predictor that --predictor names, or the proxy adapted to samples.
std::shared_ptr<const Predictor> predictor_of(const Options& options, const SpacePtr& space,
                                              std::unique_ptr<Campaign>& campaign, Made& made) {
  if (!options.predictor.empty()) {
    made.text = "implied by " + options.predictor + "\n";
    return load_latency(options.predictor, space);
  }
  const Proxy proxy = load_proxy(options.proxy, space);
  const LatencyColumn samples = options.table.empty()
                                    ? campaign->networks(options.samples, "sample")
                                    : latency_column(read_arch_table(options.table, *space), options.column);
  const AdaptedProxy adapted = adapt(*proxy.predictor, samples.architectures, samples.latency_ms, options.adaptation);
  const SrccEstimate after =
      cross_validated_srcc(*proxy.predictor, samples.architectures, samples.latency_ms, options.adaptation);
  made.json["proxy"] = proxy.name;
  made.json["samples"] = samples.architectures.size();
  made.json["adapted_srcc"] = {{"srcc", after.srcc}, {"low", after.low}, {"high", after.high}};
  made.text = "implied by the proxy " + proxy.name + ", adapted to " + std::to_string(samples.architectures.size()) +
              " networks: SRCC " + number(after.srcc, 3) + " (95% interval " + number(after.low, 3) + " to " +
              number(after.high, 3) + "), cross-validated\n";
  return std::make_shared<LinearPredictor>(adapted.predictor);
}

Made implied(const Options& options, const OperatorSpace& operators, std::unique_ptr<Campaign>& campaign) {
  Made made;
  const auto predictor = predictor_of(options, operators.base(), campaign, made);
  ImpliedTable table = implied_table(*predictor, operators, {.by_block = options.by_block, .seed = options.seed});
  made.origin = {options.device, "implied"};
  made.json["sums_to_predictor"] = {{"srcc", table.srcc}, {"rmse_ms", table.rmse_ms}};
  made.json["not_positive"] = table.not_positive_count;
  made.text += std::to_string(table.entries.size()) + " operators; their sums and the predictor: SRCC " +
               number(table.srcc) + ", RMSE " + number(table.rmse_ms, 3) + " ms; " +
               std::to_string(table.not_positive_count) + " not above 0 ms\n";
  made.entries = std::move(table.entries);
  return made;
}

/// Multiplies measured entries by what makes the sums right for some whole networks.
void calibrate(Made& made, const OperatorSpace& operators, Campaign& campaign) {
  const LookupTablePredictor table(operators.base(), made.entries, operators.grain());
  const LatencyColumn networks = campaign.networks(campaign.options.calibrate, "calibrate");
  const Eigen::VectorXd sums = table.latency_ms(networks.architectures);
  if (sums.minCoeff() <= 0)
    throw InputError("--calibrate", "the sum of a network is not above 0; expected longer runs");
  const double factor = calibration_factor({sums.data(), networks.architectures.size()}, networks.latency_ms);
  for (auto& entry : made.entries) {
    entry.latency_ms *= factor;
    entry.deviation_ms *= factor;
  }
  made.json["calibration"] = {{"networks", networks.architectures.size()}, {"factor", factor}};
  made.text += "multiplied by " + number(factor) + ", since " + std::to_string(networks.architectures.size()) +
               " whole networks took so much longer than the sums\n";
}

void check(Made& made, const LookupTablePredictor& table, Campaign& campaign) {
  const LatencyColumn networks = campaign.networks(campaign.options.check, "check");
  const Eigen::VectorXd sums = table.latency_ms(networks.architectures);
  const SumCheck found = check_sums({sums.data(), networks.architectures.size()}, networks.latency_ms);
  made.json["check"] = {{"networks", found.network_count},
                        {"srcc", found.srcc},
                        {"rmse_ms", found.rmse_ms},
                        {"rmse_share", found.rmse_share},
                        {"within_10_percent", found.within_10_percent},
                        {"bias", found.bias}};
  made.text += std::to_string(found.network_count) + " whole networks: SRCC " + number(found.srcc, 3) + ", RMSE " +
               number(found.rmse_ms, 3) + " ms (" + number(100 * found.rmse_share, 3) + "% of the mean), " +
               number(100 * found.within_10_percent, 3) + "% within 10%; sums are " +
               number(100 * std::abs(found.bias), 3) + "% " + (found.bias < 0 ? "below" : "above") + " on average\n";
}

void write(const Options& options, const OperatorSpace& operators, const LookupTablePredictor& table) {
  if (options.format == "oneproxy") return save_lookup_table(options.out, table);
  if (options.format == "csv") return write_operator_csv(options.out, table.entries());
  const bool ofa = options.format == "ofa";
  write_operator_yaml(options.out,
                      published_entries(table.entries(), operators,
                                        ofa ? once_for_all_grammar(operators) : OperatorGrammar::proxylessnas),
                      ofa ? OperatorSpread::deviation : OperatorSpread::variance);
}

void require_sensible(const Options& options) {
  const bool from_samples = !options.proxy.empty();
  if (from_samples && !options.predictor.empty()) throw InputError("--predictor", "excludes --proxy");
  if (!options.table.empty() && !from_samples) throw InputError("--table", "expected --proxy, which it adapts");
  const bool measures = options.predictor.empty() && options.table.empty();
  if (measures && options.device.empty()) throw InputError("--device", "expected the device to measure on");
  if (options.by_block && !from_samples && options.predictor.empty()) {
    throw InputError("--by-block", "expected --proxy or --predictor; measured operators are alike in all blocks");
  }
  if (options.by_block && (options.format == "ofa" || options.format == "proxylessnas")) {
    throw InputError("--by-block", "expected --format csv or oneproxy; " + options.format + " has no blocks");
  }
}

void run(const Options& options, const Common& common) {
  require_sensible(options);
  const SpacePtr space = space_or_default(options.space);
  const OperatorSpace operators(space);
  if (options.format == "ofa" || options.format == "proxylessnas") {
    // What has no key is told now, not after measuring.
    std::vector<OperatorLatency> keys;
    for (const auto& each : operators.operators()) keys.push_back({each.key, 0, 0, 0});
    published_entries(keys, operators,
                      options.format == "ofa" ? once_for_all_grammar(operators) : OperatorGrammar::proxylessnas);
  }
  Made made;
  std::unique_ptr<LookupTablePredictor> table;
  {
    ProgressBar bar(common);
    std::unique_ptr<Campaign> campaign;
    if (!options.device.empty()) {
      campaign = std::make_unique<Campaign>(Campaign{options, space, bar.callback(), make_device(options.device),
                                                     CampaignStore(options.out.string() + ".sqlite", options.resume)});
    }
    const bool measured = options.proxy.empty() && options.predictor.empty();
    made = measured ? profile(operators, *campaign) : implied(options, operators, campaign);
    if (measured && options.calibrate > 0) calibrate(made, operators, *campaign);
    table = std::make_unique<LookupTablePredictor>(space, made.entries, operators.grain(), made.origin);
    if (campaign && options.check > 1) check(made, *table, *campaign);
  }
  write(options, operators, *table);
  made.json["file"] = options.out.string();
  made.json["format"] = options.format;
  made.json["space"] = space->description();
  made.json["device"] = made.origin.device;
  made.json["method"] = made.origin.method;
  made.json["grain"] = to_string(operators.grain());
  made.json["operators"] = made.entries.size();
  if (common.json) return print(made.json);
  std::cout << made.text << "written: " << options.out.string() << '\n';
}

}  // namespace

void add_lookup_table(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command =
      add_command(app, "lookup-table", "Make the table of a space's operators and their latencies on a device",
                  "oneproxy lookup-table --space \"ofa_mobilenet_v3(resolution=160)\" --device onednn --format ofa "
                  "--out 160_lookup_table.yaml",
                  common);
  command->add_option("--space", options->space, "The space (default: that of the shipped models)");
  command->add_option("--device", options->device, "Device to measure on (oneproxy devices lists them)");
  command
      ->add_option("--format", options->format,
                   "ofa, proxylessnas: YAML that their code reads; csv; oneproxy: a predictor for the other commands")
      ->check(CLI::IsMember({"ofa", "proxylessnas", "csv", "oneproxy"}))
      ->capture_default_str();
  command->add_option("--out", options->out, "The table; raw measurements go to the same name with .sqlite")
      ->required();
  command
      ->add_option("--method", options->method,
                   "difference: an operator after another less that other alone; alone: the operator as a network")
      ->check(CLI::IsMember({"difference", "alone"}))
      ->capture_default_str();
  command->add_option("--proxy", options->proxy,
                      "Measure no operators, but adapt this proxy to a few networks and write what it implies");
  command->add_option("--samples", options->samples, "With --proxy: networks to measure")
      ->check(CLI::Range(fewest_adaptation_samples, std::size_t{1'000'000}))
      ->capture_default_str();
  command->add_option("--table", options->table, "With --proxy: networks measured before, in place of --samples");
  command->add_option("--column", options->column, "Of --table (may be left out where there is one)");
  command->add_option("--predictor", options->predictor,
                      "Measure no operators, but write what this predictor implies (a file or a shipped proxy)");
  command->add_flag("--by-block", options->by_block,
                    "With --proxy or --predictor: an entry for each operator of each block, not one for all blocks");
  command
      ->add_option("--calibrate", options->calibrate,
                   "Whole networks to measure; measured operators are multiplied by what makes their sums right for "
                   "these; 0: left as measured")
      ->capture_default_str();
  command->add_option("--check", options->check, "Whole networks to measure beside the sums; 0: none")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the random networks and the order of measuring")
      ->capture_default_str();
  command->add_flag("--resume", options->resume, "Go on where it was interrupted: measure only what is missing");
  add_adaptation_options(*command, options->adaptation);
  add_protocol_options(*command, options->protocol);
  command->callback([options, &common] {
    options->protocol.seed = options->seed;
    run(*options, common);
  });
}

}  // namespace oneproxy::cli
