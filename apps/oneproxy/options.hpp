#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/search/evolution.hpp"

// Options that several commands share, each set declared once.
namespace oneproxy::cli {

struct DecisionOptions {
  std::string rule = "interval";
  double threshold = 0.9;
};
void add_decision_options(CLI::App& command, DecisionOptions& options);
DecisionRule rule_of(const DecisionOptions& options);

void add_adaptation_options(CLI::App& command, AdaptationOptions& options);
void add_evolution_options(CLI::App& command, EvolutionOptions& options);
void add_protocol_options(CLI::App& command, Protocol& protocol);

}  // namespace oneproxy::cli
