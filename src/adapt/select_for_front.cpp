#include <algorithm>
#include <cmath>
#include <numeric>

#include "candidate_pool.hpp"
#include "front_draws.hpp"
#include "oneproxy/adapt/select.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

constexpr std::size_t largest_pool = 1000;
constexpr std::size_t shortlist_count = 48;

// Places in FrontDraws::rows of the candidates that are there, those on most fronts first.
std::vector<Index> front_candidates(const FrontDraws& draws, const std::vector<bool>& is_candidate) {
  std::vector<Index> places;
  for (std::size_t i = 0; i < draws.rows.size(); ++i) {
    if (is_candidate[draws.rows[i]]) places.push_back(static_cast<Index>(i));
  }
  std::ranges::stable_sort(places, [&](Index a, Index b) { return draws.on_fronts(a) > draws.on_fronts(b); });
  return places;
}

}  // namespace

NextBatch select_for_front(const FewShotPosterior& posterior, const FewShotPrior& prior,
                           std::span<const double> accuracy, std::span<const std::size_t> candidates, std::size_t count,
                           Rng& rng) {
  require_candidates(count, candidates.size());
  const FrontDraws draws(posterior, prior, accuracy, rng);

  // The pool: candidates on some front, then random others, which may tell as much of those on it.
  std::vector<bool> is_candidate(accuracy.size(), false);
  for (const std::size_t row : candidates) is_candidate[row] = true;
  std::vector<std::size_t> pool;
  std::vector<Index> place_of;  // in draws.rows; -1 for the others
  for (const Index place : front_candidates(draws, is_candidate)) {
    if (pool.size() == largest_pool / 2) break;
    pool.push_back(draws.rows[static_cast<std::size_t>(place)]);
    place_of.push_back(place);
    is_candidate[pool.back()] = false;
  }
  std::vector<std::size_t> others;
  std::ranges::copy_if(candidates, std::back_inserter(others), [&](std::size_t row) { return is_candidate[row]; });
  const std::size_t pool_size = std::min(candidates.size(), std::max(count, largest_pool));
  for (std::size_t i = 0; pool.size() < pool_size; ++i) {
    std::swap(others[i], others[i + rng.below(others.size() - i)]);
    pool.push_back(others[i]);
    place_of.push_back(-1);
  }

  // Each draw measures the batch, and the posterior's mean follows it, with the variances as they are.
  const auto pool_count = std::ssize(pool);
  const Eigen::MatrixXf pool_features = rows_of(prior.features, pool);
  const Eigen::MatrixXf front_features = rows_of(prior.features, draws.rows);
  const Eigen::MatrixXf half = posterior.weight_covariance().cast<float>() * pool_features.transpose();
  Eigen::MatrixXf front_covariance = front_features * half;  // front x pool
  Eigen::MatrixXf pool_covariance = pool_features * half;
  const auto noise = static_cast<float>(posterior.noise_variance()) + 1e-6F;
  const Eigen::VectorXf weight_mean = posterior.weight_mean().cast<float>();
  const Eigen::VectorXd front_mean = (front_features * weight_mean).cast<double>();
  Eigen::MatrixXd front_means = front_mean.replicate(1, FrontDraws::count);
  Eigen::MatrixXd pool_means = (pool_features * weight_mean).cast<double>().replicate(1, FrontDraws::count);
  Eigen::MatrixXd measured = (pool_features * draws.weights).cast<double>();
  const double deviation = std::sqrt(posterior.noise_variance());
  for (Index c = 0; c < pool_count; ++c) {
    const Index place = place_of[static_cast<std::size_t>(c)];
    if (place >= 0) measured.row(c) = draws.measured.row(place);
    for (Index d = 0; place < 0 && d < FrontDraws::count; ++d) measured(c, d) += deviation * rng.normal();
  }

  NextBatch next;
  for (Index d = 0; d < FrontDraws::count; ++d) next.expected_now += draws.share(d, front_mean) / FrontDraws::count;
  next.expected_after = next.expected_now;
  std::vector<bool> taken(pool.size(), false);
  while (next.rows.size() < count) {
    const Eigen::VectorXf own = pool_covariance.diagonal().cwiseMax(0.0F).array() + noise;
    // Cheap first: by how much each lessens the variances of the front's members. The best of these are tried.
    const Eigen::VectorXf lessened = (front_covariance.cwiseAbs2().transpose() * draws.on_fronts).cwiseQuotient(own);
    std::vector<Index> order(pool.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::erase_if(order, [&](Index c) { return taken[static_cast<std::size_t>(c)]; });
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), shortlist_count));
    std::partial_sort(order.begin(), end, order.end(),
                      [&](Index a, Index b) { return lessened(a) != lessened(b) ? lessened(a) > lessened(b) : a < b; });
    order.erase(end, order.end());

    Index best = -1;
    double best_share = -1;
    for (const Index c : order) {
      const Eigen::VectorXd gain = front_covariance.col(c).cast<double>() / static_cast<double>(own(c));
      double share = 0;
      for (Index d = 0; d < FrontDraws::count; ++d) {
        share += draws.share(d, front_means.col(d) + gain * (measured(c, d) - pool_means(c, d))) / FrontDraws::count;
      }
      if (share <= best_share) continue;
      best_share = share;
      best = c;
    }
    taken[static_cast<std::size_t>(best)] = true;
    next.rows.push_back(pool[static_cast<std::size_t>(best)]);
    next.expected_after = best_share;
    const Eigen::RowVectorXd surprise = (measured.row(best) - pool_means.row(best)) / static_cast<double>(own(best));
    const Eigen::VectorXf front_column = front_covariance.col(best);
    const Eigen::VectorXf pool_column = pool_covariance.col(best);
    front_means += front_column.cast<double>() * surprise;
    pool_means += pool_column.cast<double>() * surprise;
    front_covariance.noalias() -= front_column * (pool_column / own(best)).transpose();
    pool_covariance.noalias() -= pool_column * (pool_column / own(best)).transpose();
  }
  return next;
}

}  // namespace oneproxy
