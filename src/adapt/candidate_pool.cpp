#include "candidate_pool.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "oneproxy/base/error.hpp"

namespace oneproxy {

using Eigen::Index;

void require_candidates(std::size_t count, std::size_t candidates) {
  if (count <= candidates) return;
  throw InputError("samples", "expected at most " + std::to_string(candidates) +
                                  " (the architectures to choose from), not " + std::to_string(count));
}

std::vector<std::size_t> random_pool(std::span<const std::size_t> candidates, std::size_t count, Rng& rng) {
  constexpr std::size_t largest = 1500;
  std::vector<std::size_t> pool(candidates.begin(), candidates.end());
  const std::size_t size = std::min(pool.size(), std::max(count, largest));
  for (std::size_t i = 0; i < size && size < pool.size(); ++i) std::swap(pool[i], pool[i + rng.below(pool.size() - i)]);
  pool.resize(size);
  return pool;
}

Eigen::MatrixXf rows_of(const Eigen::MatrixXf& x, std::span<const std::size_t> rows) {
  Eigen::MatrixXf result(std::ssize(rows), x.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    result.row(static_cast<Index>(i)) = x.row(static_cast<Index>(rows[i]));
  }
  return result;
}

// With the candidates' covariance C a measurement of c takes C_c C_c^T / (C_cc + noise) from it.
std::vector<Index> least_variance(Eigen::MatrixXf covariance, std::size_t count, float noise) {
  std::vector<Index> chosen;
  std::vector<bool> taken(static_cast<std::size_t>(covariance.rows()), false);
  for (std::size_t step = 0; step < count; ++step) {
    const Eigen::VectorXf gain = covariance.colwise().squaredNorm().transpose().cwiseQuotient(
        (covariance.diagonal().array().max(0.0F) + noise).matrix());
    Index best = -1;
    for (Index i = 0; i < gain.size(); ++i) {
      if (!taken[static_cast<std::size_t>(i)] && (best < 0 || gain(i) > gain(best))) best = i;
    }
    taken[static_cast<std::size_t>(best)] = true;
    chosen.push_back(best);
    const Eigen::VectorXf column = covariance.col(best);
    covariance.noalias() -= column * (column / (std::max(column(best), 0.0F) + noise)).transpose();
  }
  return chosen;
}

}  // namespace oneproxy
