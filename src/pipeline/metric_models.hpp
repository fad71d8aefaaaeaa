#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/pipeline/run.hpp"
#include "oneproxy/pipeline/target_posterior.hpp"
#include "oneproxy/search/many_costs.hpp"

namespace oneproxy {

/// The metrics of a run beside latency: measured on the samples, predicted by a posterior each (the prior is that of
/// latency: what a network costs on any device), searched together, and measured on the front.
class MetricModels {
 public:
  /// Everything referred to must outlive it.
  MetricModels(const SearchSpace& space, const RunOptions& options, Store& store, std::int64_t run,
               const ProgressCallback& progress);

  bool empty() const { return options_.metrics.empty(); }
  /// `rows`: of the prior, `xs`: their architectures.
  void learn(const std::shared_ptr<const SpacePrior>& prior, std::span<const std::size_t> rows,
             std::span<const Architecture> xs);
  /// At most RunOptions::front_count networks spread over the front of accuracy, latency and all metrics, by latency.
  Front search(const Predictor& latency, const Predictor& accuracy, std::span<const Architecture> finite,
               const EvolutionOptions& evolution) const;
  /// One for each metric.
  std::vector<MetricValue> measure(const Architecture& x);

 private:
  std::vector<double> measure(const Metric& metric, std::span<const Architecture> xs, const char* role) const;
  const Predictor& predictor(std::size_t metric) const;

  const SearchSpace& space_;
  const RunOptions& options_;
  Store& store_;
  std::int64_t run_;
  const ProgressCallback& progress_;
  std::vector<std::shared_ptr<const TargetPosterior>> posteriors_;  // null: computed
};

/// Places of the networks that stay of a front of accuracy and latency (remove_dominated()), by ascending latency.
std::vector<std::size_t> non_dominated_as_measured(std::span<const FrontNetwork> networks, double accuracy_tolerance);
/// Places of the networks that no other dominates in accuracy (predicted), latency and all metrics as measured, by
/// ascending latency.
std::vector<std::size_t> non_dominated_as_measured(std::span<const FrontNetwork> networks);

}  // namespace oneproxy
