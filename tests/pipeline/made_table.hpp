#pragma once

#include "oneproxy/base/rng.hpp"
#include "oneproxy/space/arch_table.hpp"

namespace oneproxy::test {

/// Devices "a", "b" and "target": linear in the costs of NAS-Bench-201 cells, with other weights and 1% noise each.
inline ArchTable made_table(const SearchSpace& space, std::uint64_t seed, std::size_t count) {
  Rng rng(seed);
  ArchTable table;
  table.file = "made.csv";
  table.columns = {"a", "b", "target"};
  table.architectures = space.sample_distinct(count, rng);
  const FeatureMatrix encoding = space.encode(table.architectures);
  table.values.resize(encoding.rows(), 3);
  const double work[5] = {0, 0.2, 1, 4, 0.7};
  for (Eigen::Index d = 0; d < 3; ++d) {
    Eigen::VectorXf weights(encoding.cols());
    for (Eigen::Index j = 0; j < weights.size(); ++j) {
      weights(j) = static_cast<float>(j + 1 == weights.size() ? 1 : work[j % 5] * (1 + 0.2 * rng.normal()));
    }
    table.values.col(d) = (encoding * weights).cast<double>();
    for (Eigen::Index i = 0; i < table.values.rows(); ++i) table.values(i, d) *= 1 + 0.01 * rng.normal();
  }
  return table;
}

}  // namespace oneproxy::test
