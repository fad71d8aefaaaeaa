#include "oneproxy/adapt/proxy_adaptation.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Samples {
  Eigen::MatrixXd x;
  Eigen::VectorXd y;
};

Samples take(const Samples& all, std::span<const std::size_t> chosen) {
  Samples result{Eigen::MatrixXd(chosen.size(), all.x.cols()), Eigen::VectorXd(chosen.size())};
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    result.x.row(static_cast<Index>(i)) = all.x.row(static_cast<Index>(chosen[i]));
    result.y(static_cast<Index>(i)) = all.y(static_cast<Index>(chosen[i]));
  }
  return result;
}

std::span<const double> span(const Eigen::VectorXd& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

// At lambda = infinity the proxy's own ranking is due, which a negative alpha would turn round. Without an intercept
// alpha is positive for positive latencies, so that is the scale taken then.
LambdaSolution solve_infinite(const Samples& samples, const Eigen::VectorXd& w, const AdaptationOptions& options) {
  const double lambdas[] = {infinity};
  LambdaSolution solution =
      AdaptationProblem(samples.x, w, samples.y, options.norm, options.intercept).solve(lambdas).front();
  if (solution.alpha > 0) return solution;
  if (options.intercept) {
    solution = AdaptationProblem(samples.x, w, samples.y, options.norm, false).solve(lambdas).front();
  }
  if (!(solution.alpha > 0)) solution.alpha = 1;
  return solution;
}

/// Row = sample, column = solution.
Eigen::MatrixXd predictions(std::span<const LambdaSolution> solutions, const Eigen::MatrixXd& x,
                            const Eigen::VectorXd& w) {
  Eigen::MatrixXd weights(w.size(), solutions.size());
  Eigen::RowVectorXd intercepts(solutions.size());
  for (std::size_t i = 0; i < solutions.size(); ++i) {
    weights.col(static_cast<Index>(i)) = (solutions[i].alpha + solutions[i].b.array()) * w.array();
    intercepts(static_cast<Index>(i)) = solutions[i].intercept;
  }
  return (x * weights).rowwise() + intercepts;
}

// Each part: the samples to predict; those of no part train in every fit.
std::vector<std::vector<std::size_t>> validation_parts(std::size_t count, const AdaptationOptions& options) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng rng(options.seed);
  rng.shuffle<std::size_t>(order);
  if (options.validation == LambdaValidation::split) {
    const double most = options.most_validation_share * static_cast<double>(count);
    order.resize(std::clamp<std::size_t>(options.validation_count, 2,
                                         std::max<std::size_t>(2, static_cast<std::size_t>(most + 1e-9))));
    return {order};
  }
  const std::size_t folds = std::clamp<std::size_t>(options.fold_count, 2, count);
  std::vector<std::vector<std::size_t>> parts(folds);
  for (std::size_t i = 0; i < count; ++i) parts[i % folds].push_back(order[i]);
  return parts;
}

std::vector<std::size_t> others(std::size_t count, const std::vector<std::size_t>& part) {
  std::vector<bool> inside(count, false);
  for (const std::size_t i : part) inside[i] = true;
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < count; ++i) {
    if (!inside[i]) result.push_back(i);
  }
  return result;
}

struct Choice {
  LambdaSolution solution;
  std::vector<LambdaScore> path;
  std::size_t best = 0;  // in path
};

Choice choose(const Samples& all, const Eigen::VectorXd& w, const AdaptationOptions& options) {
  const auto count = static_cast<std::size_t>(all.y.size());
  const std::vector<std::vector<std::size_t>> parts = validation_parts(count, options);

  // One grid for all parts: from the largest lambda that matters to any of them.
  std::vector<AdaptationProblem> problems;
  std::vector<Samples> training;
  double largest = 0;
  for (const auto& part : parts) {
    training.push_back(take(all, others(count, part)));
    problems.emplace_back(training.back().x, w, training.back().y, options.norm, options.intercept);
    largest = std::max(largest, problems.back().lambda_max());
  }
  const std::vector<double> lambdas =
      largest > 0 ? geometric_lambdas(largest, options.lambda_count, options.smallest_lambda) : std::vector<double>{};

  // Row = validation sample, column = lambda, infinity first.
  std::size_t validation_count = 0;
  for (const auto& part : parts) validation_count += part.size();
  Eigen::MatrixXd predicted(validation_count, lambdas.size() + 1);
  Eigen::VectorXd measured(validation_count);
  Eigen::VectorXd proxy(validation_count);
  std::vector<LambdaSolution> first_path;
  Index row = 0;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const Samples held_out = take(all, parts[p]);
    const Index rows = held_out.y.size();
    measured.segment(row, rows) = held_out.y;
    proxy.segment(row, rows) = held_out.x * w;
    std::vector<LambdaSolution> path = problems[p].solve(lambdas);
    path.insert(path.begin(), solve_infinite(training[p], w, options));
    predicted.middleRows(row, rows) = predictions(path, held_out.x, w);
    if (p == 0) first_path = std::move(path);
    row += rows;
  }

  // The scales of different folds would disturb the proxy's ranking, so it is ranked as it is.
  Eigen::MatrixXd ranked = predicted;
  ranked.col(0) = proxy;
  const Eigen::MatrixXd validation_srcc = srcc_between(ranked, measured);

  Choice choice;
  for (Index l = 0; l < predicted.cols(); ++l) {
    const Eigen::VectorXd column = predicted.col(l);
    LambdaScore score{.lambda = l == 0 ? infinity : lambdas[static_cast<std::size_t>(l) - 1],
                      .validation_srcc = validation_srcc(l, 0),
                      .validation_rmse_ms = rmse(span(column), span(measured))};
    choice.path.push_back(score);
    const LambdaScore& best = choice.path[choice.best];
    const double gain = std::isnan(best.validation_srcc) ? (std::isnan(score.validation_srcc) ? 0 : 1)
                                                         : score.validation_srcc - best.validation_srcc;
    if (gain > 0 || (gain == 0 && score.validation_rmse_ms < best.validation_rmse_ms)) {
      choice.best = choice.path.size() - 1;
    }
  }

  const bool refit = options.refit || options.validation == LambdaValidation::folds;
  const Samples& fitted = refit ? all : training.front();
  if (choice.best == 0) {
    choice.solution = solve_infinite(fitted, w, options);
  } else if (refit) {
    // The 1-norm's active set grows along the path; a solution of the 2-norm does not need the others.
    const auto path = std::span(lambdas).first(choice.best);
    choice.solution = AdaptationProblem(all.x, w, all.y, options.norm, options.intercept)
                          .solve(options.norm == AdaptationNorm::l1 ? path : path.last(1))
                          .back();
  } else {
    choice.solution = first_path[choice.best];
  }
  return choice;
}

Samples checked_samples(const Eigen::MatrixXd& x, std::span<const double> latency_ms) {
  assert(static_cast<std::size_t>(x.rows()) == latency_ms.size());
  if (latency_ms.size() < fewest_adaptation_samples) {
    throw InputError("proxy adaptation", "expected at least " + std::to_string(fewest_adaptation_samples) +
                                             " measured architectures, found " + std::to_string(latency_ms.size()));
  }
  return {x, Eigen::Map<const Eigen::VectorXd>(latency_ms.data(), static_cast<Index>(latency_ms.size()))};
}

Eigen::MatrixXd encoding(const LinearPredictor& proxy, std::span<const Architecture> samples) {
  return proxy.space()->encode(samples).cast<double>();
}

}  // namespace

AdaptedWeights adapt_weights(const Eigen::MatrixXd& x, const Eigen::VectorXd& weights,
                             std::span<const double> latency_ms, const AdaptationOptions& options) {
  const Samples all = checked_samples(x, latency_ms);
  Choice choice = choose(all, weights, options);
  const LambdaSolution& solution = choice.solution;
  Eigen::VectorXd adapted = (solution.alpha + solution.b.array()) * weights.array();
  adapted(adapted.size() - 1) += solution.intercept;
  return {.weights = std::move(adapted),
          .alpha = solution.alpha,
          .intercept_ms = solution.intercept,
          .b = solution.b,
          .lambda = choice.best == 0 ? infinity : solution.lambda,
          .validation_srcc_before = choice.path.front().validation_srcc,
          .validation_srcc_after = choice.path[choice.best].validation_srcc,
          .path = std::move(choice.path)};
}

AdaptedProxy adapt(const LinearPredictor& proxy, std::span<const Architecture> samples,
                   std::span<const double> latency_ms, const AdaptationOptions& options) {
  AdaptedWeights adapted = adapt_weights(encoding(proxy, samples), proxy.weights_ms(), latency_ms, options);
  return {.predictor = LinearPredictor(proxy.space(), std::move(adapted.weights), {.sample_count = samples.size()}),
          .alpha = adapted.alpha,
          .intercept_ms = adapted.intercept_ms,
          .b = std::move(adapted.b),
          .lambda = adapted.lambda,
          .validation_srcc_before = adapted.validation_srcc_before,
          .validation_srcc_after = adapted.validation_srcc_after,
          .path = std::move(adapted.path)};
}

SrccEstimate cross_validated_srcc(const Eigen::MatrixXd& x, const Eigen::VectorXd& weights,
                                  std::span<const double> latency_ms, const AdaptationOptions& options) {
  const Samples all = checked_samples(x, latency_ms);
  const auto count = static_cast<std::size_t>(all.y.size());
  // Other folds than those that judge lambda; at least fewest_adaptation_samples train in each.
  AdaptationOptions outer = options;
  outer.validation = LambdaValidation::folds;
  outer.fold_count = 10;
  outer.seed = Rng(options.seed).stream(1).next();
  Eigen::VectorXd predicted(all.y.size());
  for (const auto& part : validation_parts(count, outer)) {
    const Samples training = take(all, others(count, part));
    const Samples held_out = take(all, part);
    const Eigen::VectorXd values = predictions({{choose(training, weights, options).solution}}, held_out.x, weights);
    for (std::size_t i = 0; i < part.size(); ++i)
      predicted(static_cast<Index>(part[i])) = values(static_cast<Index>(i));
  }
  return estimate_srcc(span(predicted), span(all.y));
}

SrccEstimate cross_validated_srcc(const LinearPredictor& proxy, std::span<const Architecture> samples,
                                  std::span<const double> latency_ms, const AdaptationOptions& options) {
  return cross_validated_srcc(encoding(proxy, samples), proxy.weights_ms(), latency_ms, options);
}

}  // namespace oneproxy
