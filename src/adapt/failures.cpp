#include "oneproxy/adapt/failures.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "oneproxy/adapt/posterior.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy {

using Eigen::Index;

Eigen::VectorXd rank_with_failures(const FewShotPrior& prior, std::span<const std::size_t> samples,
                                   std::span<const double> latency_ms) {
  assert(samples.size() == latency_ms.size());
  std::vector<std::size_t> ran;
  std::vector<double> ran_ms;
  std::vector<double> outcome;  // -1 where it ran, 1 where not
  for (std::size_t i = 0; i < samples.size(); ++i) {
    outcome.push_back(latency_ms[i] > 0 ? -1 : 1);
    if (!(latency_ms[i] > 0)) continue;
    ran.push_back(samples[i]);
    ran_ms.push_back(latency_ms[i]);
  }
  const Eigen::VectorXd median = FewShotPosterior(prior, ran, ran_ms).predict_median();
  const auto count = static_cast<double>(median.size());
  const std::vector<double> order = ranks({median.data(), static_cast<std::size_t>(median.size())});
  Eigen::VectorXd rank = (Eigen::Map<const Eigen::VectorXd>(order.data(), median.size()).array() - 0.5) / count;
  if (ran.size() == samples.size()) return rank;

  // Regression on the outcomes, one of which is more likely the further its side of zero the belief is.
  const PosteriorOptions plain{.try_logarithm = false, .try_outliers = false, .try_rank = false};
  const LatencyBelief belief = FewShotPosterior(prior, samples, outcome, plain).predict();
  const Eigen::ArrayXd sigmas = belief.location.array() / (belief.variance + belief.noise).array().sqrt().max(1e-9);
  const Eigen::ArrayXd fails = sigmas.unaryExpr([](double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; });
  // Those that fail share the lowest ranks, a share `lost` of all; the others are above them.
  const double lost = fails.mean();
  return fails * (lost / 2) + (1 - fails) * (lost + (1 - lost) * rank.array());
}

}  // namespace oneproxy
