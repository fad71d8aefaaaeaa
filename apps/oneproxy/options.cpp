#include "options.hpp"

#include <map>

namespace oneproxy::cli {
namespace {

/// An option whose value is one of the names, with the names in the help text and in the error.
template <class Enum>
CLI::Option* add_choice(CLI::App& command, const std::string& name, Enum& value,
                        const std::map<std::string, Enum>& choices, const std::string& what) {
  std::string shown;
  for (const auto& [text, choice] : choices) {
    if (choice == value) shown = text;
  }
  return command.add_option(name, value, what)
      ->transform(CLI::CheckedTransformer(choices, CLI::ignore_case).description(""))
      ->default_str(shown)
      ->option_text([&] {
        std::string text;
        for (const auto& [option, choice] : choices) text += (text.empty() ? "" : "|") + option;
        return text + " [" + shown + "]";
      }());
}

}  // namespace

void add_decision_options(CLI::App& command, DecisionOptions& options) {
  command.add_option("--decision", options.rule, "interval: judge the SRCC by its 95% interval; paper: by its value")
      ->check(CLI::IsMember({"interval", "paper"}))
      ->capture_default_str();
  command.add_option("--threshold", options.threshold, "SRCC from which the proxy ranks networks as the target does")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
}

DecisionRule rule_of(const DecisionOptions& options) {
  return options.rule == "paper" ? DecisionRule::paper : DecisionRule::interval;
}

void add_adaptation_options(CLI::App& command, AdaptationOptions& options) {
  const std::map<std::string, AdaptationNorm> norms{{"l1", AdaptationNorm::l1}, {"l2", AdaptationNorm::l2}};
  const std::map<std::string, LambdaValidation> ways{{"folds", LambdaValidation::folds},
                                                     {"split", LambdaValidation::split}};
  add_choice(command, "--norm", options.norm, norms, "Norm of b in Eqn. (3)");
  command.add_flag("--intercept", options.intercept, "Give Eqn. (3) an intercept");
  add_choice(command, "--validation", options.validation, ways, "How lambda is chosen; split is the paper's");
  command.add_option("--validation-samples", options.validation_count, "Samples that a split keeps for validation")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void add_evolution_options(CLI::App& command, EvolutionOptions& options) {
  // Declared first, so that it is applied first and the options below change single values of it.
  command
      .add_option_function<std::string>(
          "--preset",
          [&options](const std::string& name) {
            const EvolutionOptions before = options;
            options = name == "ea1" ? ea1() : name == "ea2" ? ea2() : whole_front();
            options.seed = before.seed;
            options.threads = before.threads;
          },
          "Settings of the evolutionary search: ea1, ea2 (the paper's), front (for the whole front)")
      ->check(CLI::IsMember({"ea1", "ea2", "front"}))
      ->default_str("front");
  command.add_option("--population", options.population, "Architectures in a generation")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str();
  command.add_option("--generations", options.generations, "Generations of the evolutionary search")
      ->capture_default_str();
  command.add_option("--parent-ratio", options.parent_ratio, "Share of a generation that survives and breeds")
      ->check(CLI::Range(0.01, 0.99))
      ->capture_default_str();
  command.add_option("--mutation-probability", options.mutation_probability, "Probability to mutate")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--mutation-ratio", options.mutation_ratio, "Children that may mutate, as share of a generation")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
}

void add_protocol_options(CLI::App& command, Protocol& protocol) {
  command.add_option("--warmup", protocol.warmup_runs, "Runs of each network that are not counted")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--min-runs", protocol.min_runs, "Fewest timed runs of each network")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--tolerance", protocol.relative_tolerance,
                  "Stop a network when the median's 95% interval is within +- this share")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--budget-ms", protocol.budget_ms, "Longest timed running of one network")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--core", protocol.pin_core, "Processor to run on (-1: the last one allowed)")
      ->capture_default_str();
  command.add_option("--hang-timeout", protocol.hang_timeout_s, "Seconds without a sign of life before giving up")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

}  // namespace oneproxy::cli
