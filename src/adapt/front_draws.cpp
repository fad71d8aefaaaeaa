#include "front_draws.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>

namespace oneproxy {
namespace {

using Eigen::Index;

constexpr std::ptrdiff_t largest_front = 800;

// Hypervolume, by `latency_ms`, of what is Pareto-optimal by `predicted`; accuracy descends by `drop`.
double hypervolume_of(const Eigen::VectorXd& drop, const Eigen::VectorXd& predicted,
                      const Eigen::Ref<const Eigen::VectorXd>& latency_ms, double reference_ms) {
  double area = 0;
  double fastest_predicted = std::numeric_limits<double>::infinity();
  double fastest_ms = reference_ms;
  for (Index i = 0; i < drop.size(); ++i) {
    if (predicted(i) < fastest_predicted) {
      fastest_predicted = predicted(i);
      fastest_ms = std::min(fastest_ms, latency_ms(i));
    }
    area += drop(i) * (reference_ms - fastest_ms);
  }
  return area;
}

Eigen::VectorXd drops(std::span<const double> accuracy, const std::vector<std::size_t>& rows, double lowest) {
  Eigen::VectorXd drop(std::ssize(rows));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double next = i + 1 < rows.size() ? accuracy[rows[i + 1]] : lowest;
    drop(static_cast<Index>(i)) = accuracy[rows[i]] - next;
  }
  return drop;
}

}  // namespace

FrontDraws::FrontDraws(const FewShotPosterior& posterior, const FewShotPrior& prior, std::span<const double> accuracy,
                       Rng& rng)
    : weights(posterior.draw_weights(rng, count)) {
  assert(std::ssize(accuracy) == prior.features.rows());
  std::vector<std::size_t> order(accuracy.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return accuracy[a] > accuracy[b]; });
  const double lowest = accuracy[order.back()];
  const Eigen::VectorXd all_drops = drops(accuracy, order, lowest);

  // Everything below is in the order of accuracy.
  const Eigen::MatrixXf features = prior.features(order, Eigen::all);
  const Eigen::VectorXd mean = features.cast<double>() * posterior.weight_mean();
  Eigen::MatrixXd draws = (features * weights).cast<double>();
  const double deviation = std::sqrt(posterior.noise_variance());
  for (double& value : draws.reshaped()) value += deviation * rng.normal();
  reference_ms_ = posterior.latency_of(mean.maxCoeff());

  const auto for_front = [](const auto& latency, const auto& action) {
    double fastest = std::numeric_limits<double>::infinity();
    for (Index i = 0; i < latency.size(); ++i) {
      if (!(latency(i) < fastest)) continue;
      fastest = latency(i);
      action(i);
    }
  };
  std::vector<Index> fronts(order.size(), 0);  // on how many each is; the predicted front counts as all of them
  own_.resize(count);
  for (Index d = 0; d < count; ++d) {
    for_front(draws.col(d), [&](Index i) { ++fronts[static_cast<std::size_t>(i)]; });
    const Eigen::VectorXd ms = draws.col(d).unaryExpr([&](double value) { return posterior.latency_of(value); });
    own_(d) = hypervolume_of(all_drops, ms, ms, reference_ms_);
  }
  std::vector<Index> on_draws = fronts;
  for_front(mean, [&](Index i) { fronts[static_cast<std::size_t>(i)] = count; });
  Index least = 1;  // where too many are on some front: those that are on more of them
  const auto at_least = [&](Index value) { return value >= least; };
  while (least < count && std::ranges::count_if(fronts, at_least) > largest_front) ++least;

  std::vector<Index> kept;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (!at_least(fronts[i])) continue;
    kept.push_back(static_cast<Index>(i));
    rows.push_back(order[i]);
  }
  drop_ = drops(accuracy, rows, lowest);
  measured = draws(kept, Eigen::all);
  latency_ms_ = measured.unaryExpr([&](double value) { return posterior.latency_of(value); });
  on_fronts.resize(std::ssize(kept));
  for (Index i = 0; i < on_fronts.size(); ++i) {
    const auto place = static_cast<std::size_t>(kept[static_cast<std::size_t>(i)]);
    on_fronts(i) = static_cast<float>(on_draws[place]) / static_cast<float>(count);
  }
}

double FrontDraws::share(Index d, const Eigen::VectorXd& predicted) const {
  // A draw may be slower than the reference point altogether: then there is nothing to win.
  return own_(d) > 0 ? hypervolume_of(drop_, predicted, latency_ms_.col(d), reference_ms_) / own_(d) : 1;
}

}  // namespace oneproxy
