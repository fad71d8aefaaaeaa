#include <Eigen/Cholesky>
#include <cmath>

#include "candidate_pool.hpp"
#include "oneproxy/adapt/select.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

std::span<const double> view(const Eigen::VectorXd& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

// Nothing is known of the order of equal predictions.
double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double r = pearson(a, b);
  return std::isnan(r) ? 0 : r;
}

constexpr std::size_t draw_count = 64;
constexpr std::size_t judged_count = 500;  // architectures that the SRCC is computed over

}  // namespace

NextBatch select_for_ranking(const FewShotPosterior& posterior, const FewShotPrior& prior,
                             std::span<const std::size_t> candidates, std::size_t count, Rng& rng) {
  require_candidates(count, candidates.size());
  NextBatch next;
  const Eigen::MatrixXf covariance = posterior.weight_covariance().cast<float>();
  const auto noise = static_cast<float>(posterior.noise_variance()) + 1e-6F;
  if (count > 0) {
    const std::vector<std::size_t> pool = random_pool(candidates, count, rng);
    const Eigen::MatrixXf points = rows_of(prior.features, pool);
    const Eigen::MatrixXf half = points * covariance;
    for (const Index i : least_variance(half * points.transpose(), count, noise)) {
      next.rows.push_back(pool[static_cast<std::size_t>(i)]);
    }
  }

  // Each draw of the posterior is a device that may be the true one: it measures the batch, and the posterior's mean
  // follows, with the variances as they are.
  std::vector<std::size_t> judged(static_cast<std::size_t>(prior.features.rows()));
  for (std::size_t i = 0; i < judged.size(); ++i) judged[i] = i;
  for (std::size_t i = 0; i < judged_count && judged.size() > judged_count; ++i) {
    std::swap(judged[i], judged[i + rng.below(judged.size() - i)]);
  }
  judged.resize(std::min(judged.size(), judged_count));
  const Eigen::MatrixXf seen = rows_of(prior.features, judged);
  const Eigen::MatrixXf batch = rows_of(prior.features, next.rows);
  const Eigen::MatrixXf weights = posterior.draw_weights(rng, draw_count);
  const Eigen::MatrixXd truth = (seen * weights).cast<double>();
  const Eigen::MatrixXd measured = (batch * weights).cast<double>();
  const Eigen::VectorXd mean = seen.cast<double>() * posterior.weight_mean();
  const Eigen::VectorXd batch_mean = batch.cast<double>() * posterior.weight_mean();
  Eigen::MatrixXd own = (batch * covariance * batch.transpose()).cast<double>();
  own.diagonal().array() += static_cast<double>(noise);
  Eigen::MatrixXd gain = Eigen::MatrixXd::Zero(seen.rows(), batch.rows());
  if (count > 0) gain = own.ldlt().solve((batch * covariance * seen.transpose()).cast<double>()).transpose();
  const std::vector<double> ranks_now = ranks(view(mean));
  const double deviation = std::sqrt(posterior.noise_variance());
  for (Index draw = 0; draw < static_cast<Index>(draw_count); ++draw) {
    Eigen::VectorXd latency = truth.col(draw);
    for (double& value : latency) value += deviation * rng.normal();
    Eigen::VectorXd surprise = measured.col(draw) - batch_mean;
    for (double& value : surprise) value += deviation * rng.normal();
    const std::vector<double> ranks_true = ranks(view(latency));
    const double share = 1 / static_cast<double>(draw_count);
    next.expected_now += share * correlation(ranks_now, ranks_true);
    next.expected_after += share * correlation(ranks(view(mean + gain * surprise)), ranks_true);
  }
  return next;
}

bool enough(const NextBatch& next, double wanted, double smallest_gain) {
  return next.expected_now >= wanted || next.expected_after - next.expected_now < smallest_gain;
}

}  // namespace oneproxy
