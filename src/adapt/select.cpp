#include "oneproxy/adapt/select.hpp"

#include <algorithm>
#include <cmath>

#include "candidate_pool.hpp"
#include "few_shot_defaults.hpp"
#include "oneproxy/adapt/sampling.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

// Variance of a measurement while nothing is known of the device: more than most have, so that no single feature is
// measured twice before the others (docs/results/few_shot.md).
constexpr float selection_noise = 0.05F;

// Variances of the weights before anything is measured. Where the fleet speaks for small ones, samples must still be
// able to tell it wrong: none of the groups is below these.
Eigen::VectorXd selection_variance(const FewShotPrior& prior) {
  Eigen::VectorXd variance = Eigen::VectorXd::Zero(prior.share.rows());
  for (std::size_t g = 0; g < prior_group_count; ++g) {
    if (static_cast<PriorGroup>(g) == PriorGroup::constant) continue;
    const double fleet = std::exp(prior.log_variance[g]);
    variance += std::max(fleet, default_variance[g]) * prior.share.col(static_cast<Index>(g));
  }
  return variance;
}

// Pivoted Cholesky decomposition: the pivots are the choice.
std::vector<Index> largest_variance(const Eigen::MatrixXf& points, std::size_t count) {
  Eigen::VectorXf left = points.rowwise().squaredNorm();
  Eigen::MatrixXf columns(points.rows(), static_cast<Index>(count));
  std::vector<Index> chosen;
  for (std::size_t step = 0; step < count; ++step) {
    Index pivot = 0;
    left.maxCoeff(&pivot);
    chosen.push_back(pivot);
    const auto done = static_cast<Index>(step);
    Eigen::VectorXf column = points * points.row(pivot).transpose();
    column -= columns.leftCols(done) * columns.row(pivot).head(done).transpose();
    column /= std::sqrt(std::max(left(pivot), 0.0F) + selection_noise);
    columns.col(done) = column;
    for (Index i = 0; i < left.size(); ++i)
      left(i) = left(i) < 0 ? -1 : std::max(left(i) - column(i) * column(i), 0.0F);
    left(pivot) = -1;
  }
  return chosen;
}

// Lloyd's iterations from the farthest points; then for each centre the nearest point not yet chosen.
std::vector<Index> kmeans(const Eigen::MatrixXf& points, std::size_t count, Rng& rng) {
  const Index clusters = static_cast<Index>(count);
  Eigen::MatrixXf centres(clusters, points.cols());
  Eigen::VectorXf nearest = Eigen::VectorXf::Constant(points.rows(), 1e30F);
  Index next = static_cast<Index>(rng.below(static_cast<std::uint64_t>(points.rows())));
  for (Index c = 0; c < clusters; ++c) {
    centres.row(c) = points.row(next);
    nearest = nearest.cwiseMin((points.rowwise() - centres.row(c)).rowwise().squaredNorm());
    nearest.maxCoeff(&next);
  }
  const auto distances = [&] {
    Eigen::MatrixXf result = -2 * points * centres.transpose();
    result.rowwise() += centres.rowwise().squaredNorm().transpose();
    return result;
  };
  for (int iteration = 0; iteration < 20; ++iteration) {
    const Eigen::MatrixXf distance = distances();
    Eigen::MatrixXf sum = Eigen::MatrixXf::Zero(clusters, points.cols());
    Eigen::VectorXf size = Eigen::VectorXf::Zero(clusters);
    for (Index i = 0; i < points.rows(); ++i) {
      Index c = 0;
      distance.row(i).minCoeff(&c);
      sum.row(c) += points.row(i);
      size(c) += 1;
    }
    for (Index c = 0; c < clusters; ++c) {
      if (size(c) > 0) centres.row(c) = sum.row(c) / size(c);
    }
  }
  Eigen::MatrixXf distance = distances();
  std::vector<Index> chosen;
  for (Index c = 0; c < clusters; ++c) {
    Index i = 0;
    distance.col(c).minCoeff(&i);
    chosen.push_back(i);
    distance.row(i).setConstant(1e30F);
  }
  return chosen;
}

}  // namespace

std::vector<std::size_t> select_first(const FewShotPrior& prior, std::span<const std::size_t> candidates,
                                      std::size_t count, Selection selection, Rng& rng) {
  require_candidates(count, candidates.size());
  if (count == 0) return {};
  std::vector<std::size_t> result;
  if (selection == Selection::random || selection == Selection::stratified) {
    std::vector<double> proxy(candidates.size(), 0.0);
    const Eigen::VectorXf mean =
        prior.features * prior.share.col(static_cast<Index>(PriorGroup::proxies)).cast<float>();
    for (std::size_t i = 0; i < candidates.size(); ++i) proxy[i] = mean(static_cast<Index>(candidates[i]));
    const Sampling sampling = selection == Selection::random ? Sampling::random : Sampling::stratified;
    for (const std::size_t i : choose_samples(proxy, count, sampling, {}, rng)) result.push_back(candidates[i]);
    return result;
  }
  const std::vector<std::size_t> pool = random_pool(candidates, count, rng);
  const Eigen::VectorXf deviation = selection_variance(prior).cwiseSqrt().cast<float>();
  const Eigen::MatrixXf points = rows_of(prior.features, pool) * deviation.asDiagonal();
  const std::vector<Index> chosen = selection == Selection::greedy
                                        ? least_variance(points * points.transpose(), count, selection_noise)
                                    : selection == Selection::largest_variance ? largest_variance(points, count)
                                                                               : kmeans(points, count, rng);
  for (const Index i : chosen) result.push_back(pool[static_cast<std::size_t>(i)]);
  return result;
}

}  // namespace oneproxy
