#include "oneproxy/pipeline/kernel_campaign.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "isolated_kernel.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/pipeline/measure_missing.hpp"

namespace oneproxy {
namespace {

/// Chains of operators to be measured alone, and what came out.
class Bench {
 public:
  Bench() {
    add(network_of_nothing(1));
    add(network_of_nothing(long_nothing));
  }

  /// Whether the chain can be measured alone. Its name is its configuration's text.
  bool add(const Network& operators, const std::vector<int>& chain) {
    const std::string name = kernel_config(operators, {chain}).text;
    if (preludes_.contains(name)) return true;
    auto isolated = isolate(operators, chain);
    if (!isolated) return false;
    auto& names = preludes_[name];
    for (auto& prelude : isolated->preludes) {
      names.push_back(prelude.name);
      add(std::move(prelude));
    }
    add({name, std::move(isolated->network)});
    return true;
  }

  /// Measures what is new since the last call.
  void measure(Device& device, const KernelCampaignOptions& options, Store& store, std::int64_t run,
               const std::string& role, const std::string& step, const ProgressCallback& progress) {
    const NetworkList list(role + "s", std::exchange(waiting_, {}));
    const auto xs = list.architectures();
    const auto measured = measure_missing(device, list, xs, options.protocol, store, run, role, step, progress);
    for (std::size_t i = 0; i < xs.size(); ++i) ms_[list.text(xs[i])] = measured[i].median_ms;
  }

  /// What a call takes whatever the network, without the operator that the smallest network has.
  double overhead_ms() const {
    const double one = ms_.at(network_of_nothing(1).name);
    const double many = ms_.at(network_of_nothing(long_nothing).name);
    return std::max(0.0, one - (many - one) / (long_nothing - 1));
  }
  /// Networks that are measured or wait for it.
  std::size_t size() const { return names_.size(); }

  /// Beyond the overhead and beyond its preludes; never below 0.
  double alone_ms(const std::string& name) const {
    double ms = ms_.at(name) - overhead_ms();
    for (const auto& prelude : preludes_.at(name)) ms -= ms_.at(prelude) - overhead_ms();
    return std::max(0.0, ms);
  }

 private:
  static constexpr int long_nothing = 9;

  void add(NamedNetwork network) {
    if (names_.insert(network.name).second) waiting_.push_back(std::move(network));
  }

  std::set<std::string> names_;
  std::vector<NamedNetwork> waiting_;
  std::map<std::string, std::vector<std::string>> preludes_;  // of each chain, by name
  std::map<std::string, double> ms_;
};

/// Where two operators follow each other: the network, the first and the second.
struct Pair {
  const Network* operators;
  std::vector<int> chain;
  double bytes;
};

using PairKinds = std::pair<std::string, std::string>;

/// Every pair of operators that could be fused, its configurations by falling size.
std::map<PairKinds, std::vector<Pair>> pairs_of(std::span<const Network> networks) {
  std::map<PairKinds, std::vector<Pair>> pairs;
  std::set<std::string> seen;
  for (const Network& network : networks) {
    std::vector<int> readers(network.layers.size(), 0);
    for (const Layer& layer : network.layers) {
      for (const int input : layer.inputs) ++readers[static_cast<std::size_t>(input)];
    }
    for (std::size_t i = 1; i < network.layers.size(); ++i) {
      const Layer& second = network.layers[i];
      for (const int input : second.inputs) {
        if (input == 0 || readers[static_cast<std::size_t>(input)] != 1) continue;
        const Layer& first = network.layers[static_cast<std::size_t>(input)];
        Pair pair{&network, {input, static_cast<int>(i)}, 0};
        const KernelConfig config = kernel_config(network, {pair.chain});
        if (!seen.insert(config.text).second) continue;
        pair.bytes = config.features[8];
        pairs[{operator_kind(first), operator_kind(second)}].push_back(std::move(pair));
      }
    }
  }
  for (auto& [kinds, list] : pairs) std::ranges::stable_sort(list, std::greater{}, &Pair::bytes);
  return pairs;
}

/// Measures each pair in some sizes, the largest first and down to the middle: there operators take longer than what
/// an engine does around them.
std::vector<FusionEvidence> find_rules(Bench& bench, const std::map<PairKinds, std::vector<Pair>>& pairs,
                                       const KernelCampaignOptions& options, const std::function<void()>& measure_all) {
  std::map<PairKinds, std::vector<std::array<std::string, 3>>> names;
  for (const auto& [kinds, list] : pairs) {
    const std::size_t steps = std::min(options.pair_sizes, list.size());
    for (std::size_t i = 0; i < steps; ++i) {
      const Pair& pair = list[i * list.size() / (2 * steps)];
      const std::vector<int> first{pair.chain.front()};
      const std::vector<int> second{pair.chain.back()};
      if (!bench.add(*pair.operators, first) || !bench.add(*pair.operators, second) ||
          !bench.add(*pair.operators, pair.chain)) {
        continue;
      }
      names[kinds].push_back({kernel_config(*pair.operators, {first}).text,
                              kernel_config(*pair.operators, {second}).text,
                              kernel_config(*pair.operators, {pair.chain}).text});
    }
  }
  measure_all();
  std::vector<FusionEvidence> rules;
  for (const auto& [kinds, sizes] : names) {
    FusionEvidence evidence{.first = kinds.first, .second = kinds.second};
    for (const auto& [first, second, both] : sizes) {
      evidence.first_ms += bench.alone_ms(first);
      evidence.second_ms += bench.alone_ms(second);
      evidence.together_ms += bench.alone_ms(both);
    }
    const double saved_ms = evidence.first_ms + evidence.second_ms - evidence.together_ms;
    evidence.fused = saved_ms > options.fused_from * evidence.second_ms;
    rules.push_back(std::move(evidence));
  }
  return rules;
}

/// Where each configuration of a kernel is: by kind and text.
using KernelPlaces = std::map<std::string, std::map<std::string, std::pair<const Network*, Kernel>>>;

/// Adds kernels to the bench, one of each kind after the other in random order, until a limit is reached.
std::vector<KernelSample> choose_kernels(Bench& bench, const KernelPlaces& places, const KernelCampaignOptions& options,
                                         std::vector<std::string>& left_out) {
  std::vector<std::vector<const std::pair<const Network*, Kernel>*>> orders;
  Rng rng(options.seed);
  std::size_t longest = 0;
  for (const auto& [kind, kernels] : places) {
    auto& order = orders.emplace_back();
    for (const auto& [text, place] : kernels) order.push_back(&place);
    rng.shuffle(std::span(order));
    order.resize(std::min(order.size(), options.kernels_of_a_kind));
    longest = std::max(longest, order.size());
  }
  std::vector<KernelSample> samples;
  for (std::size_t i = 0; i < longest; ++i) {
    for (const auto& order : orders) {
      if (i >= order.size()) continue;
      // Every kind has one kernel at least: without any, it would have no forest.
      if (i > 0 && options.measurements > 0 && bench.size() >= options.measurements) return samples;
      const auto& [network, kernel] = *order[i];
      KernelConfig config = kernel_config(*network, kernel);
      if (bench.add(*network, kernel.layers)) {
        samples.push_back({std::move(config), 0});
      } else {
        left_out.push_back(config.text);
      }
    }
  }
  return samples;
}

double held_out_rmse_ms(const std::vector<const KernelSample*>& samples, const ForestOptions& options) {
  if (samples.size() < 10) return std::numeric_limits<double>::quiet_NaN();
  std::vector<const KernelSample*> order = samples;
  Rng(options.seed).shuffle(std::span(order));
  const std::size_t held_out = order.size() / 5;
  Eigen::MatrixXd x(static_cast<Eigen::Index>(order.size() - held_out), KernelConfig::feature_count);
  std::vector<double> ms;
  for (std::size_t i = held_out; i < order.size(); ++i) {
    x.row(static_cast<Eigen::Index>(ms.size())) =
        Eigen::Map<const Eigen::RowVectorXd>(order[i]->config.features.data(), x.cols());
    ms.push_back(order[i]->ms);
  }
  const Forest forest = fit_forest(x, ms, options);
  std::vector<double> predicted;
  std::vector<double> measured;
  for (std::size_t i = 0; i < held_out; ++i) {
    predicted.push_back(forest(order[i]->config.features));
    measured.push_back(order[i]->ms);
  }
  return rmse(predicted, measured);
}

}  // namespace

KernelCampaign run_kernel_campaign(Device& device, std::span<const Network> examples,
                                   const KernelCampaignOptions& options, Store& store, std::int64_t run,
                                   const ProgressCallback& progress) {
  if (!can_fit_forests()) fit_forest({}, {});  // says what is missing before anything is measured
  std::vector<Network> operators;
  for (const Network& network : examples) operators.push_back(split_activations(network));

  KernelCampaign result;
  Bench bench;
  result.rules = find_rules(bench, pairs_of(operators), options, [&] {
    bench.measure(device, options, store, run, "pair", "measuring pairs of operators", progress);
  });
  FusionRules rules;
  for (const auto& rule : result.rules) (rule.fused ? rules.fused : rules.apart).emplace(rule.first, rule.second);

  KernelPlaces found;
  for (const Network& network : operators) {
    for (auto& kernel : split_kernels(network, rules)) {
      KernelConfig config = kernel_config(network, kernel);
      found[config.kind].try_emplace(std::move(config.text), &network, std::move(kernel));
    }
  }
  std::vector<KernelSample> samples = choose_kernels(bench, found, options, result.left_out);
  bench.measure(device, options, store, run, "kernel", "measuring kernels", progress);
  std::map<std::string, std::vector<const KernelSample*>> by_kind;
  for (auto& sample : samples) {
    sample.ms = bench.alone_ms(sample.config.text);
    by_kind[sample.config.kind].push_back(&sample);
  }
  auto parts = fit_kernel_model(device.description(), bench.overhead_ms(), rules, samples, options.forest).parts();
  parts.measurement_count = bench.size();
  result.model = KernelModel(std::move(parts));
  for (const auto& [kind, of_kind] : by_kind) {
    double sum = 0;
    for (const KernelSample* sample : of_kind) sum += sample->ms;
    result.kinds.push_back(
        {kind, of_kind.size(), sum / static_cast<double>(of_kind.size()), held_out_rmse_ms(of_kind, options.forest)});
  }
  return result;
}

}  // namespace oneproxy
