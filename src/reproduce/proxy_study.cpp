#include "oneproxy/reproduce/proxy_study.hpp"

#include <algorithm>
#include <cmath>

#include "oneproxy/adapt/failures.hpp"
#include "oneproxy/adapt/posterior.hpp"
#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/adapt/sampling.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "parallel_steps.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

LinearPredictor fit_proxy(const SpacePtr& space, const ArchTable& table, std::size_t column, std::uint64_t seed) {
  std::vector<Architecture> xs;
  std::vector<double> latency;
  for (std::size_t row = 0; row < table.architectures.size(); ++row) {
    const double value = table.values(static_cast<Index>(row), static_cast<Index>(column));
    if (!(value > 0)) continue;
    xs.push_back(table.architectures[row]);
    latency.push_back(value);
  }
  return fit_linear(space, xs, latency, {.seed = seed, .device = table.columns[column]});
}

double srcc_of_rows(const std::vector<std::size_t>& rows, const auto& a, const auto& b) {
  std::vector<double> x;
  std::vector<double> y;
  for (const std::size_t row : rows) {
    const auto i = static_cast<Index>(row);
    x.push_back(a(i));
    y.push_back(b(i));
  }
  const double value = srcc(x, y);
  return std::isnan(value) ? 0 : value;
}

}  // namespace

ProxyStudy::ProxyStudy(SpacePtr space, ArchTable table, const std::string& proxy, std::uint64_t seed)
    : space_(std::move(space)),
      table_(std::move(table)),
      proxy_column_(table_.column(proxy)),
      seed_(seed),
      proxy_(fit_proxy(space_, table_, proxy_column_, seed)),
      few_shot_(space_, table_, {.sources = {proxy}, .targets = {}, .sample_count = 2, .seed = seed}) {
  const Eigen::VectorXd predicted = proxy_.latency_ms(table_.architectures);
  proxy_ms_.assign(predicted.begin(), predicted.end());
}

std::vector<std::size_t> ProxyStudy::rows_of(const ProxyStudyTarget& target) const {
  const auto values = table_.values.col(static_cast<Index>(table_.column(target.column)));
  std::vector<std::size_t> rows;
  for (Index i = 0; i < values.size(); ++i) {
    if (values(i) > 0 || (target.negative_is_latency && !std::isnan(values(i)))) {
      rows.push_back(static_cast<std::size_t>(i));
    }
  }
  return rows;
}

ProxyStudy::Samples ProxyStudy::choose(const ProxyStudyTarget& target, std::uint64_t number) const {
  const auto column = static_cast<Index>(table_.column(target.column));
  const auto rows = rows_of(target);
  const std::size_t count = target.training_count + target.validation_count;
  if (rows.size() <= count) {
    throw InputError(table_.file.string() + ", column " + target.column, "has " + std::to_string(rows.size()) +
                                                                             " latencies; expected more than the " +
                                                                             std::to_string(count) + " samples");
  }
  std::vector<double> by_proxy;
  for (const std::size_t row : rows) by_proxy.push_back(proxy_ms_[row]);
  Rng rng = Rng(seed_).stream(number);
  Samples samples;
  for (const std::size_t i : choose_samples(by_proxy, count, Sampling::random, {}, rng)) {
    samples.rows.push_back(rows[i]);
    samples.architectures.push_back(table_.architectures[rows[i]]);
    samples.latency_ms.push_back(table_.values(static_cast<Index>(rows[i]), column));
  }
  samples.split_seed = rng.next();
  return samples;
}

// The paper's: fitted to the training samples alone, lambda judged on the others.
LinearPredictor ProxyStudy::adapt_to(const ProxyStudyTarget& target, const Samples& samples) const {
  const AdaptationOptions options{.validation = LambdaValidation::split,
                                  .validation_count = target.validation_count,
                                  .most_validation_share = 0.5,
                                  .refit = false,
                                  .seed = samples.split_seed};
  return adapt(proxy_, samples.architectures, samples.latency_ms, options).predictor;
}

LinearPredictor ProxyStudy::adapted(const ProxyStudyTarget& target, std::uint64_t number) const {
  return adapt_to(target, choose(target, number));
}

ProxyStudyDraw ProxyStudy::draw(const ProxyStudyTarget& target, std::uint64_t number) const {
  Samples samples = choose(target, number);
  const FewShotPrior& prior = few_shot_.prior();
  ProxyStudyDraw result{.samples = {},
                        .adapted = adapt_to(target, samples).latency_ms(table_.architectures),
                        .posterior = target.negative_is_latency
                                         ? rank_with_failures(prior, samples.rows, samples.latency_ms)
                                         : FewShotPosterior(prior, samples.rows, samples.latency_ms).predict_median()};
  result.samples = std::move(samples.rows);
  return result;
}

ProxyStudyScore ProxyStudy::score(const ProxyStudyTarget& target, std::size_t draw_count, int threads,
                                  const ProgressCallback& progress) const {
  const auto rows = rows_of(target);
  const auto measured = table_.values.col(static_cast<Index>(table_.column(target.column)));
  Eigen::ArrayXd adapted(static_cast<Index>(draw_count));
  Eigen::ArrayXd posterior(static_cast<Index>(draw_count));
  parallel_steps("adapting to " + target.column, draw_count, threads, progress, [&](std::size_t number) {
    const ProxyStudyDraw one = draw(target, number);
    std::vector<bool> sampled(table_.architectures.size(), false);
    for (const std::size_t row : one.samples) sampled[row] = true;
    std::vector<std::size_t> unseen;
    std::ranges::copy_if(rows, std::back_inserter(unseen), [&](std::size_t row) { return !sampled[row]; });
    adapted(static_cast<Index>(number)) = srcc_of_rows(unseen, one.adapted, measured);
    posterior(static_cast<Index>(number)) = srcc_of_rows(unseen, one.posterior, measured);
  });
  const auto proxy = table_.values.col(static_cast<Index>(proxy_column_));
  std::vector<std::size_t> both;
  std::ranges::copy_if(rows, std::back_inserter(both),
                       [&](std::size_t row) { return proxy(static_cast<Index>(row)) > 0; });
  return {.before = srcc_of_rows(both, proxy, measured),
          .adapted = adapted.mean(),
          .adapted_deviation = std::sqrt((adapted - adapted.mean()).square().mean()),
          .posterior = posterior.mean()};
}

}  // namespace oneproxy
