#include "oneproxy/pipeline/fleet_posterior.hpp"

#include <Eigen/Cholesky>
#include <cassert>
#include <numeric>
#include <vector>

#include "oneproxy/adapt/posterior.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

// Random architectures that the belief is carried over by: several for each feature of the largest encoding (190).
constexpr std::size_t kRandomCount = 1500;

std::vector<Architecture> with_random(const SpacePtr& space, std::span<const Architecture> samples,
                                      std::uint64_t seed) {
  std::vector<Architecture> xs(samples.begin(), samples.end());
  Rng rng(seed);
  for (std::size_t i = 0; i < kRandomCount; ++i) xs.push_back(space->sample(rng));
  return xs;
}

Eigen::MatrixXd predictions(std::span<const Proxy> proxies, std::span<const Architecture> xs) {
  Eigen::MatrixXd all(std::ssize(xs), std::ssize(proxies));
  for (std::size_t p = 0; p < proxies.size(); ++p) {
    all.col(static_cast<Index>(p)) = proxies[p].predictor->latency_ms(xs);
  }
  return all;
}

}  // namespace

FleetPosterior::FleetPosterior(const SpacePtr& space, std::span<const Proxy> proxies,
                               std::span<const Architecture> samples, std::uint64_t seed)
    : sample_count_(samples.size()) {
  const auto xs = with_random(space, samples, seed);
  prior_ = few_shot_prior(predictions(proxies, xs), space->few_shot_features(xs), space->few_shot_encoding(xs), {},
                          {.seed = seed});
  // Least squares; the ridge only settles what the encoding leaves open (each block of it sums to the constant).
  const Eigen::MatrixXd x = space->encode(xs).cast<double>();
  Eigen::MatrixXd gram = x.transpose() * x;
  gram.diagonal().array() += 1e-3;
  projection_ = gram.ldlt().solve(x.transpose());
}

FleetPosterior::Fit FleetPosterior::fit(std::span<const double> latency_ms, std::uint64_t seed) const {
  assert(latency_ms.size() == sample_count_);
  std::vector<std::size_t> rows(sample_count_);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  // Limits need latencies, which a posterior of ranks does not have.
  const FewShotPosterior posterior(prior_, rows, latency_ms, {.try_rank = false});
  Rng rng(seed);
  return {.weights = projection_ * posterior.predict_median(), .expected_srcc = posterior.expected_srcc(rng)};
}

}  // namespace oneproxy
