#include "oneproxy/pipeline/evaluate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>

#include "oneproxy/adapt/failures.hpp"
#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/adapt/proxy_choice.hpp"
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
  const bool by_proxy = options.method != FewShotMethod::posterior && options.method != FewShotMethod::ridge;
  if (by_proxy && options.sources.empty()) {
    throw InputError("known devices", "expected at least one: only the methods posterior and ridge need none");
  }
  encoding_ = space_->few_shot_encoding(table.architectures);
  const Eigen::MatrixXd costs = space_->few_shot_features(table.architectures);
  const auto source_count = static_cast<Index>(options.sources.size());
  KnownLatencies known{.rows = shuffled_rows(count, Rng(options.seed).stream(kSourceStream)), .latency_ms = {}};
  known.rows.resize(std::min(count, options.per_source));
  known.latency_ms.resize(std::ssize(known.rows), source_count);
  for (Index s = 0; s < source_count; ++s) {
    const std::size_t source = table.column(options.sources[static_cast<std::size_t>(s)]);
    for (Index i = 0; i < known.latency_ms.rows(); ++i) {
      known.latency_ms(i, s) = latency_ms(known.rows[static_cast<std::size_t>(i)], source);
    }
  }
  const Eigen::MatrixXd choices = space_->encode(table.architectures).cast<double>();
  const Eigen::MatrixXd predicted = predict_known(costs, encoding_, known, choices);
  prior_ = few_shot_prior(predicted, costs, encoding_, known, {.seed = options.seed});
  if (!by_proxy) return;
  by_proxy_.resize(static_cast<Index>(count), source_count);
  for (Index s = 0; s < source_count; ++s) {
    std::vector<Architecture> xs;
    std::vector<double> latency;
    for (Index i = 0; i < known.latency_ms.rows(); ++i) {
      if (std::isnan(known.latency_ms(i, s))) continue;
      xs.push_back(table.architectures[known.rows[static_cast<std::size_t>(i)]]);
      latency.push_back(known.latency_ms(i, s));
    }
    const auto& device = options.sources[static_cast<std::size_t>(s)];
    proxies_.push_back(fit_linear(space_, xs, latency, {.seed = options.seed, .device = device}));
    by_proxy_.col(s) = proxies_.back().latency_ms(table.architectures);
  }
}

double FewShotStudy::latency_ms(std::size_t row, std::size_t column) const {
  const double value = table_.values(static_cast<Index>(row), static_cast<Index>(column));
  return value > 0 || options_.negative_is_latency ? value : std::numeric_limits<double>::quiet_NaN();
}

FirstSamples FewShotStudy::measure_first(const Measure& measure, std::uint64_t repeat) const {
  const Rng root = Rng(options_.seed).stream(repeat);
  const std::size_t count = table_.architectures.size();
  auto pool = shuffled_rows(count, root.stream(0));
  pool.resize(std::min(count, std::max(kPoolSize, options_.sample_count)));
  Rng rng = root.stream(1);
  FirstSamples first;
  while (first.rows.size() < options_.sample_count && first.tried.size() < pool.size()) {
    const std::size_t wanted = std::min(options_.sample_count - first.rows.size(), pool.size() - first.tried.size());
    for (const std::size_t row : choose(wanted, pool, first.tried, rng)) {
      first.tried.push_back(row);
      const double value = measure(row);
      if (std::isnan(value)) continue;
      first.rows.push_back(row);
      first.latency_ms.push_back(value);
    }
  }
  if (first.rows.size() < 2) throw InputError("samples", "expected at least 2 that the target can run");
  return first;
}

FewShotRun FewShotStudy::run(const Measure& measure, std::uint64_t repeat) const {
  FirstSamples first = measure_first(measure, repeat);
  return {.samples = std::move(first.tried), .predicted = predict(first.rows, first.latency_ms)};
}

std::vector<std::size_t> FewShotStudy::choose(std::size_t count, const std::vector<std::size_t>& pool,
                                              const std::vector<std::size_t>& taken, Rng& rng) const {
  if (options_.selection == Selection::greedy || options_.selection == Selection::largest_variance) {
    // Both choose one at a time: this goes on where they stopped.
    auto chosen = select_first(prior_, pool, taken.size() + count, options_.selection, rng);
    chosen.erase(chosen.begin(), chosen.begin() + std::ssize(taken));
    return chosen;
  }
  std::vector<std::size_t> left;
  std::ranges::copy_if(pool, std::back_inserter(left),
                       [&](std::size_t row) { return std::ranges::find(taken, row) == taken.end(); });
  return select_first(prior_, left, count, options_.selection, rng);
}

Eigen::VectorXd FewShotStudy::predict(const std::vector<std::size_t>& samples,
                                      const std::vector<double>& latency_ms) const {
  const Eigen::VectorXd measured =
      Eigen::Map<const Eigen::VectorXd>(latency_ms.data(), static_cast<Index>(latency_ms.size()));
  if (options_.method == FewShotMethod::posterior) {
    if (options_.negative_is_latency) return rank_with_failures(prior_, samples, latency_ms);
    return FewShotPosterior(prior_, samples, latency_ms).predict_median();
  }
  if (options_.method == FewShotMethod::ridge) {
    const RidgeFit fit = fit_ridge(encoding_(samples, Eigen::all), measured);
    return (encoding_ * fit.weights).array() + fit.intercept;
  }
  const auto proxy = select_proxy(by_proxy_(samples, Eigen::all), measured).proxy;
  if (options_.method == FewShotMethod::proxy) return by_proxy_.col(static_cast<Index>(proxy));
  std::vector<Architecture> xs;
  xs.reserve(samples.size());
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
