#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/adapt/mlp_adaptation.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/predict/mlp_fit.hpp"
#include "oneproxy/space/arch_table.hpp"
#include "options.hpp"

namespace oneproxy::cli {
namespace {

struct Options {
  std::string space;
  std::string proxy;
  std::filesystem::path samples;
  std::string column;
  std::filesystem::path out;
  DecisionOptions decision;
  AdaptationOptions adaptation;
};

nlohmann::json estimate_json(const SrccEstimate& e) {
  return {{"srcc", e.srcc}, {"low", e.low}, {"high", e.high}, {"samples", e.sample_count}};
}

std::string estimate_text(const SrccEstimate& e) {
  return number(e.srcc, 3) + " (95% interval " + number(e.low, 3) + " to " + number(e.high, 3) + ")";
}

/// What is told of an adaptation, whatever it adapted.
struct Adapted {
  std::string proxy;
  SrccEstimate before;
  SrccEstimate after;
  double alpha = 1;
  double lambda = 0;
};

/// All weights of a linear predictor.
Adapted adapt_linear(const Options& options, const SpacePtr& space, const LatencyColumn& samples) {
  const Proxy proxy = load_proxies(options.proxy, space).front();
  const Eigen::VectorXd predicted = proxy.predictor->latency_ms(samples.architectures);
  const AdaptedProxy adapted = adapt(*proxy.predictor, samples.architectures, samples.latency_ms, options.adaptation);
  save_linear_predictor(options.out, adapted.predictor);
  return {proxy.name, estimate_srcc({predicted.data(), samples.architectures.size()}, samples.latency_ms),
          cross_validated_srcc(*proxy.predictor, samples.architectures, samples.latency_ms, options.adaptation),
          adapted.alpha, adapted.lambda};
}

/// The last layer of a neural network, compressed to two.
Adapted adapt_mlp(const Options& options, const SpacePtr& space, const LatencyColumn& samples) {
  if (options.out.extension() != ".onnx") throw InputError("--out", "expected a file with the ending .onnx for an MLP");
  const auto proxy = load_mlp(options.proxy, space);
  const auto floats = (*proxy)(samples.architectures);
  const AdaptedMlp adapted = adapt_last_layer(*space, compressed(space, proxy->layers()), samples.architectures,
                                              samples.latency_ms, options.adaptation);
  save_mlp_latency(options.out, *space, {adapted.layers, {.sample_count = samples.architectures.size()}});
  return {std::filesystem::path(options.proxy).stem().string(),
          estimate_srcc(std::vector<double>(floats.begin(), floats.end()), samples.latency_ms), adapted.srcc,
          adapted.last.alpha, adapted.last.lambda};
}

void run(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  const LatencyColumn samples = latency_column(read_arch_table(options.samples, *space), options.column);
  if (std::ranges::adjacent_find(samples.latency_ms, std::not_equal_to{}) == samples.latency_ms.end()) {
    throw InputError(options.samples.string(), "all latencies are equal and rank nothing; expected different ones");
  }

  const bool is_mlp = options.proxy.ends_with(".onnx");
  const auto [proxy, before, after, alpha, lambda] =
      is_mlp ? adapt_mlp(options, space, samples) : adapt_linear(options, space, samples);
  const auto decision = decide_monotonicity(before, rule_of(options.decision), options.decision.threshold);
  const bool itself = !std::isfinite(lambda);
  if (common.json) {
    return print({{"proxy", proxy},
                  {"decision", to_string(decision.answer)},
                  {"why", decision.why},
                  {"srcc", {{"before", estimate_json(before)}, {"after", estimate_json(after)}}},
                  {"lambda", itself ? nlohmann::json("infinity") : nlohmann::json(lambda)},
                  {"alpha", alpha},
                  {"file", options.out.string()}});
  }
  std::cout << decision.why << "\nSRCC before " << estimate_text(before) << "\nSRCC after  " << estimate_text(after)
            << ", cross-validated\nlambda "
            << (itself ? "infinity: the proxy itself ranks the validation samples best" : number(lambda))
            << "\nwritten: " << options.out.string() << '\n';
}

}  // namespace

void add_adapt(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "adapt", "Adapt a proxy's latency predictor to a target by a few samples",
                              "oneproxy adapt --samples phone.csv --out phone.json", common);
  command->add_option("--space", options->space, "The space (default: that of the shipped models)");
  command->add_option(
      "--proxy", options->proxy,
      "Shipped proxy or file of a predictor: linear, a lookup table, or an MLP (.onnx; its last layer is adapted) "
      "(default: the first shipped)");
  command->add_option("--samples", options->samples, "Table of the target's measured latencies")->required();
  command->add_option("--column", options->column, "Column of the target (may be left out where there is one)");
  command->add_option("--out", options->out, "File of the adapted predictor")->required();
  add_decision_options(*command, options->decision);
  add_adaptation_options(*command, options->adaptation);
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
