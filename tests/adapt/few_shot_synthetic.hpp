#pragma once

// A made-up fleet: latencies are linear in cost features and in a one-hot encoding, and devices differ in the weights
// of the first cost features most.

#include <Eigen/Core>
#include <cstdint>
#include <numeric>
#include <vector>

#include "oneproxy/adapt/few_shot_prior.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy::few_shot {

struct Fleet {
  Eigen::MatrixXd cost;
  Eigen::MatrixXd encoding;
  Eigen::MatrixXd latency_ms;  ///< architectures x devices, all positive
};

inline Fleet random_fleet(std::uint64_t seed, Eigen::Index architectures, Eigen::Index devices) {
  Rng rng(seed);
  Fleet fleet{Eigen::MatrixXd(architectures, 4), Eigen::MatrixXd::Zero(architectures, 12),
              Eigen::MatrixXd(architectures, devices)};
  for (double& value : fleet.cost.reshaped()) value = rng.normal();
  for (Eigen::Index i = 0; i < architectures; ++i) {
    for (Eigen::Index block = 0; block < 4; ++block) {
      fleet.encoding(i, 3 * block + static_cast<Eigen::Index>(rng.below(3))) = 1;
    }
  }
  for (Eigen::Index d = 0; d < devices; ++d) {
    Eigen::VectorXd cost_weight(4);
    cost_weight << 2 + rng.normal(), 1 + rng.normal(), 0.02 * rng.normal(), 0;
    Eigen::VectorXd encoding_weight(12);
    for (double& value : encoding_weight) value = 0.2 * rng.normal();
    Eigen::VectorXd latency = fleet.cost * cost_weight + fleet.encoding * encoding_weight;
    for (double& value : latency) value += 0.05 * rng.normal();
    fleet.latency_ms.col(d) = latency.array() - latency.minCoeff() + 1;
  }
  return fleet;
}

/// The prior from every device but the last, measured on the first 60 architectures.
inline FewShotPrior prior_of(const Fleet& fleet) {
  KnownLatencies known;
  known.rows.resize(60);
  std::iota(known.rows.begin(), known.rows.end(), std::size_t{0});
  known.latency_ms = fleet.latency_ms.topLeftCorner(60, fleet.latency_ms.cols() - 1);
  return few_shot_prior(predict_known(fleet.cost, fleet.encoding, known), fleet.cost, fleet.encoding, known);
}

inline std::vector<std::size_t> row_range(std::size_t from, std::size_t count) {
  std::vector<std::size_t> rows(count);
  std::iota(rows.begin(), rows.end(), from);
  return rows;
}

inline std::vector<double> at(const Eigen::VectorXd& values, const std::vector<std::size_t>& rows) {
  std::vector<double> result;
  result.reserve(rows.size());
  for (const std::size_t row : rows) result.push_back(values(static_cast<Eigen::Index>(row)));
  return result;
}

}  // namespace oneproxy::few_shot
