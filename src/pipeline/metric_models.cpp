#include "metric_models.hpp"

#include "oneproxy/pipeline/measure_missing.hpp"
#include "oneproxy/search/pareto.hpp"

namespace oneproxy {

using Eigen::Index;

MetricModels::MetricModels(const SearchSpace& space, const RunOptions& options, Store& store, std::int64_t run,
                           const ProgressCallback& progress)
    : space_(space), options_(options), store_(store), run_(run), progress_(progress) {}

std::vector<double> MetricModels::measure(const Metric& metric, std::span<const Architecture> xs,
                                          const char* role) const {
  const std::string stored_as = std::string(role) + " " + metric.name;
  const std::string doing = "measuring " + metric.name;
  std::vector<double> values;
  for (const Measurement& m :
       measure_missing(*metric.device, space_, xs, options_.protocol, store_, run_, stored_as, doing, progress_)) {
    values.push_back(m.median_ms);
  }
  return values;
}

void MetricModels::learn(const std::shared_ptr<const SpacePrior>& prior, std::span<const std::size_t> rows,
                         std::span<const Architecture> xs) {
  posteriors_.clear();
  for (const Metric& metric : options_.metrics) {
    posteriors_.push_back(metric.device ? std::make_shared<TargetPosterior>(prior, rows, measure(metric, xs, "sample"))
                                        : nullptr);
  }
}

const Predictor& MetricModels::predictor(std::size_t metric) const {
  if (posteriors_[metric]) return *posteriors_[metric];
  return *options_.metrics[metric].computed;
}

Front MetricModels::search(const Predictor& latency, const Predictor& accuracy, std::span<const Architecture> finite,
                           const EvolutionOptions& evolution) const {
  std::vector<const Predictor*> costs{&latency};
  for (std::size_t m = 0; m < options_.metrics.size(); ++m) costs.push_back(&predictor(m));
  const auto found = search_many_costs(space_, costs, accuracy, finite, evolution, progress_);
  Front front;
  for (const ManyCandidate& x : spread_over(found, options_.front_count)) {
    front.push_back({x.architecture, x.costs.front(), x.accuracy});
  }
  return front;
}

std::vector<MetricValue> MetricModels::measure(const Architecture& x) {
  std::vector<MetricValue> values;
  for (std::size_t m = 0; m < options_.metrics.size(); ++m) {
    const Metric& metric = options_.metrics[m];
    MetricValue value;
    value.predicted = static_cast<double>(predictor(m)({&x, 1}).front());
    value.measured = value.predicted;
    if (metric.device) {
      value.interval = posteriors_[m]->intervals({&x, 1}).front();
      value.measured = measure(metric, {&x, 1}, "front").front();
    }
    values.push_back(value);
  }
  return values;
}

std::vector<std::size_t> non_dominated_as_measured(std::span<const FrontNetwork> networks, double accuracy_tolerance) {
  std::vector<double> latency;
  std::vector<double> accuracy;
  for (const auto& network : networks) {
    latency.push_back(network.measured.median_ms);
    accuracy.push_back(network.predicted_accuracy);
  }
  return remove_dominated(latency, accuracy, accuracy_tolerance);
}

std::vector<std::size_t> non_dominated_as_measured(std::span<const FrontNetwork> networks) {
  const Index metrics = networks.empty() ? 0 : std::ssize(networks.front().metrics);
  Eigen::MatrixXf values(std::ssize(networks), metrics + 2);
  for (Index i = 0; i < values.rows(); ++i) {
    const FrontNetwork& network = networks[static_cast<std::size_t>(i)];
    values(i, 0) = static_cast<float>(network.measured.median_ms);
    for (Index m = 0; m < metrics; ++m) {
      values(i, m + 1) = static_cast<float>(network.metrics[static_cast<std::size_t>(m)].measured);
    }
    values(i, metrics + 1) = -static_cast<float>(network.predicted_accuracy);
  }
  return non_dominated(values);
}

}  // namespace oneproxy
