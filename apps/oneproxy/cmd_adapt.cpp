#include <array>
#include <iostream>
#include <memory>

#include "cli.hpp"
#include "models.hpp"
#include "oneproxy/base/error.hpp"
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

void run(const Options& options, const Common& common) {
  const SpacePtr space = space_or_default(options.space);
  const Proxy proxy = load_proxies(options.proxy, space).front();
  ArchTable table = read_arch_table(options.samples, *space);
  const std::size_t column = options.column.empty() && table.columns.size() == 1 ? 0 : table.column(options.column);
  table = rows_with(table, std::array{column});
  require_latencies(table, column);
  const Eigen::VectorXd values = table.values.col(static_cast<Eigen::Index>(column));
  const std::span<const double> latency(values.data(), static_cast<std::size_t>(values.size()));

  if ((values.array() == values[0]).all()) {
    throw InputError(options.samples.string(), "all latencies are equal and rank nothing; expected different ones");
  }

  const Eigen::VectorXd predicted = proxy.predictor->latency_ms(table.architectures);
  const SrccEstimate before = estimate_srcc({predicted.data(), latency.size()}, latency);
  const auto decision = decide_monotonicity(before, rule_of(options.decision), options.decision.threshold);
  const AdaptedProxy adapted = adapt(*proxy.predictor, table.architectures, latency, options.adaptation);
  const SrccEstimate after = cross_validated_srcc(*proxy.predictor, table.architectures, latency, options.adaptation);
  save_linear_predictor(options.out, adapted.predictor);
  const bool itself = !std::isfinite(adapted.lambda);
  if (common.json) {
    return print({{"proxy", proxy.name},
                  {"decision", to_string(decision.answer)},
                  {"why", decision.why},
                  {"srcc", {{"before", estimate_json(before)}, {"after", estimate_json(after)}}},
                  {"lambda", itself ? nlohmann::json("infinity") : nlohmann::json(adapted.lambda)},
                  {"alpha", adapted.alpha},
                  {"file", options.out.string()}});
  }
  std::cout << decision.why << "\nSRCC before " << estimate_text(before) << "\nSRCC after  " << estimate_text(after)
            << ", cross-validated\nlambda "
            << (itself ? "infinity: the proxy itself ranks the validation samples best" : number(adapted.lambda))
            << "\nwritten: " << options.out.string() << '\n';
}

}  // namespace

void add_adapt(CLI::App& app, Common& common) {
  auto options = std::make_shared<Options>();
  auto* command = add_command(app, "adapt", "Adapt a proxy's latency predictor to a target by a few samples",
                              "oneproxy adapt --samples phone.csv --out phone.json", common);
  command->add_option("--space", options->space, "The space (default: that of the shipped models)");
  command->add_option("--proxy", options->proxy, "Shipped proxy or file of a predictor (default: the first shipped)");
  command->add_option("--samples", options->samples, "Table of the target's measured latencies")->required();
  command->add_option("--column", options->column, "Column of the target (may be left out where there is one)");
  command->add_option("--out", options->out, "File of the adapted predictor")->required();
  add_decision_options(*command, options->decision);
  add_adaptation_options(*command, options->adaptation);
  command->callback([options, &common] { run(*options, common); });
}

}  // namespace oneproxy::cli
