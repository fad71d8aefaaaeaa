#include "oneproxy/pipeline/evaluate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/adapt/proxy_choice.hpp"
#include "oneproxy/adapt/sampling.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/predict/ridge.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

// Candidates of one repetition: enough for every kind of network, few enough that repetitions differ.
constexpr std::size_t kPoolSize = 1500;
constexpr std::uint64_t kSourceStream = std::numeric_limits<std::uint64_t>::max();

std::vector<std::size_t> shuffled_rows(std::size_t count, Rng rng) {
  std::vector<std::size_t> rows(count);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  rng.shuffle<std::size_t>(rows);
  return rows;
}

}  // namespace

FewShotStudy::FewShotStudy(SpacePtr space, const ArchTable& table, const EvaluateOptions& options)
    : space_(std::move(space)), table_(table), options_(options) {
  const std::size_t count = table.architectures.size();
  if (options.sample_count >= count) {
    throw InputError(table.file.string(), "has " + std::to_string(count) + " architectures; expected more than the " +
                                              std::to_string(options.sample_count) + " samples");
  }
  if (options.sources.empty() &&
      (options.method != FewShotMethod::ridge || options.selection == FewShotSelection::stratified)) {
    throw InputError("known devices", "expected at least one: only the method ridge with random samples needs none");
  }
  encoding_ = space_->few_shot_encoding(table.architectures);
  known_.resize(static_cast<Index>(count), static_cast<Index>(options.sources.size()));
  auto seen = shuffled_rows(count, Rng(options.seed).stream(kSourceStream));
  seen.resize(std::min(count, options.per_source));
  for (std::size_t s = 0; s < options.sources.size(); ++s) {
    const std::size_t source = table.column(options.sources[s]);
    std::vector<Architecture> xs;
    std::vector<double> latency;
    for (const std::size_t row : seen) {
      const double value = latency_ms(row, source);
      if (std::isnan(value)) continue;
      xs.push_back(table.architectures[row]);
      latency.push_back(value);
    }
    proxies_.push_back(fit_linear(space_, xs, latency, {.seed = options.seed, .device = options.sources[s]}));
    known_.col(static_cast<Index>(s)) = proxies_.back().latency_ms(table.architectures);
  }
}

double FewShotStudy::latency_ms(std::size_t row, std::size_t column) const {
  const double value = table_.values(static_cast<Index>(row), static_cast<Index>(column));
  return value > 0 || options_.negative_is_latency ? value : std::numeric_limits<double>::quiet_NaN();
}

FewShotRun FewShotStudy::run(const Measure& measure, std::uint64_t repeat) const {
  const Rng root = Rng(options_.seed).stream(repeat);
  const std::size_t count = table_.architectures.size();
  auto pool = shuffled_rows(count, root.stream(0));
  pool.resize(std::min(count, std::max(kPoolSize, options_.sample_count)));
  Rng rng = root.stream(1);
  FewShotRun result;
  std::vector<bool> taken(pool.size(), false);
  std::vector<std::size_t> rows;
  std::vector<double> latency;
  while (rows.size() < options_.sample_count && result.samples.size() < pool.size()) {
    const std::size_t wanted = std::min(options_.sample_count - rows.size(), pool.size() - result.samples.size());
    for (const std::size_t i : choose(wanted, pool, taken, rng)) {
      taken[i] = true;
      result.samples.push_back(pool[i]);
      const double value = measure(pool[i]);
      if (std::isnan(value)) continue;
      rows.push_back(pool[i]);
      latency.push_back(value);
    }
  }
  result.predicted = predict(rows, latency);
  return result;
}

std::vector<std::size_t> FewShotStudy::choose(std::size_t count, const std::vector<std::size_t>& pool,
                                              const std::vector<bool>& taken, Rng& rng) const {
  std::vector<std::size_t> earlier;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (taken[i]) earlier.push_back(i);
  }
  std::vector<double> mean_rank(pool.size(), 0.0);
  if (options_.selection == FewShotSelection::random) {
    return choose_samples(mean_rank, count, Sampling::random, earlier, rng);
  }
  for (Index s = 0; s < known_.cols(); ++s) {
    std::vector<double> values;
    for (const std::size_t row : pool) values.push_back(known_(static_cast<Index>(row), s));
    const auto rank = ranks(values);
    for (std::size_t i = 0; i < pool.size(); ++i) mean_rank[i] += rank[i];
  }
  return choose_samples(mean_rank, count, Sampling::stratified, earlier, rng);
}

Eigen::VectorXd FewShotStudy::predict(const std::vector<std::size_t>& samples,
                                      const std::vector<double>& latency_ms) const {
  const Eigen::VectorXd measured =
      Eigen::Map<const Eigen::VectorXd>(latency_ms.data(), static_cast<Index>(latency_ms.size()));
  if (samples.size() < 2) throw InputError("samples", "expected at least 2 that the target can run");
  if (options_.method == FewShotMethod::ridge) {
    const RidgeFit fit = fit_ridge(encoding_(samples, Eigen::all), measured);
    return (encoding_ * fit.weights).array() + fit.intercept;
  }
  const auto proxy = select_proxy(known_(samples, Eigen::all), measured).proxy;
  if (options_.method == FewShotMethod::proxy) return known_.col(static_cast<Index>(proxy));
  std::vector<Architecture> xs;
  for (const std::size_t row : samples) xs.push_back(table_.architectures[row]);
  const auto norm = options_.method == FewShotMethod::eqn3 ? AdaptationNorm::l2 : AdaptationNorm::l1;
  const AdaptedProxy adapted = adapt(proxies_[proxy], xs, latency_ms, {.norm = norm, .seed = options_.seed});
  return adapted.predictor.latency_ms(table_.architectures);
}

Evaluation evaluate(const SpacePtr& space, const ArchTable& table, const EvaluateOptions& options,
                    const ProgressCallback& progress) {
  const auto started = std::chrono::steady_clock::now();
  if (options.targets.empty()) throw InputError("targets", "expected the name of at least one column");
  std::vector<std::size_t> columns;
  for (const auto& target : options.targets) columns.push_back(table.column(target));
  const FewShotStudy study(space, table, options);
  Evaluation result;
  std::size_t done = 0;
  for (std::size_t t = 0; t < columns.size(); ++t) {
    const auto latency_of = [&](std::size_t row) { return study.latency_ms(row, columns[t]); };
    Eigen::ArrayXd scores(static_cast<Index>(options.repeat_count));
    for (std::size_t repeat = 0; repeat < options.repeat_count; ++repeat) {
      report(progress, {"evaluating", done++, columns.size() * options.repeat_count});
      const FewShotRun run = study.run(latency_of, repeat);
      std::vector<bool> sampled(table.architectures.size(), false);
      for (const std::size_t row : run.samples) sampled[row] = true;
      std::vector<double> predicted;
      std::vector<double> measured;
      for (std::size_t row = 0; row < sampled.size(); ++row) {
        const double value = latency_of(row);
        if (sampled[row] || std::isnan(value)) continue;
        predicted.push_back(run.predicted(static_cast<Index>(row)));
        measured.push_back(value);
      }
      const double score = srcc(predicted, measured);
      scores(static_cast<Index>(repeat)) = std::isnan(score) ? 0 : score;
    }
    const double mean = scores.mean();
    result.targets.push_back({options.targets[t], mean, std::sqrt((scores - mean).square().mean())});
    result.mean_srcc += mean / static_cast<double>(columns.size());
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return result;
}

}  // namespace oneproxy
