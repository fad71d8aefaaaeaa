#include "oneproxy/pipeline/posterior_fit.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "oneproxy/adapt/posterior.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t fold_count = 10;

Eigen::MatrixXd predictions(std::span<const Architecture> xs,
                            std::span<const std::shared_ptr<const LinearPredictor>> proxies) {
  Eigen::MatrixXd all(static_cast<Eigen::Index>(xs.size()), static_cast<Eigen::Index>(proxies.size()));
  for (std::size_t p = 0; p < proxies.size(); ++p) all.col(static_cast<Eigen::Index>(p)) = proxies[p]->latency_ms(xs);
  return all;
}

SrccEstimate cross_validate(const FewShotPrior& prior, std::span<const std::size_t> samples,
                            std::span<const double> latency_ms, std::uint64_t seed) {
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng(seed).shuffle(std::span(order));
  std::vector<double> predicted(samples.size());
  const std::size_t folds = std::min(fold_count, samples.size());
  for (std::size_t fold = 0; fold < folds; ++fold) {
    std::vector<std::size_t> rows;
    std::vector<double> latency;
    for (std::size_t k = 0; k < order.size(); ++k) {
      if (k % folds == fold) continue;
      rows.push_back(samples[order[k]]);
      latency.push_back(latency_ms[order[k]]);
    }
    const Eigen::VectorXd median = FewShotPosterior(prior, rows, latency).predict_median();
    for (std::size_t k = fold; k < order.size(); k += folds) {
      predicted[order[k]] = median[static_cast<Eigen::Index>(samples[order[k]])];
    }
  }
  return estimate_srcc(predicted, latency_ms);
}

}  // namespace

PosteriorMethod::PosteriorMethod(SpacePtr space, std::span<const Architecture> candidates,
                                 std::span<const std::shared_ptr<const LinearPredictor>> proxies, std::uint64_t seed)
    : space_(std::move(space)),
      candidates_(candidates),
      seed_(seed),
      prior_(few_shot_prior(predictions(candidates, proxies), space_->few_shot_features(candidates),
                            space_->few_shot_encoding(candidates), {}, {.seed = seed})) {}

PosteriorFit PosteriorMethod::fit(std::span<const std::size_t> samples, std::span<const double> latency_ms) const {
  Eigen::VectorXd belief = FewShotPosterior(prior_, samples, latency_ms).predict_median();
  // On the scale of ranks the belief is no latency; only its order counts, and latencies are positive.
  if (belief.minCoeff() <= 0) belief.array() += 1 - belief.minCoeff();
  const std::span<const double> values(belief.data(), static_cast<std::size_t>(belief.size()));
  return {fit_linear(space_, candidates_, values, {.seed = seed_}), cross_validate(prior_, samples, latency_ms, seed_)};
}

}  // namespace oneproxy
