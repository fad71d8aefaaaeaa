#pragma once

#include <cstdint>
#include <vector>

#include "oneproxy/predict/lookup_table.hpp"
#include "oneproxy/space/operator_space.hpp"

namespace oneproxy {

/// A table of operators whose sums stand for a predictor, and how well they do.
struct ImpliedTable {
  std::vector<OperatorLatency> entries;  ///< by key; deviation and count are not known
  double rmse_ms = 0;                    ///< of the sums against the predictor, on architectures not used to make it
  double srcc = 0;
  std::size_t not_positive_count = 0;  ///< entries that are no latency on their own
};

struct ImpliedTableOptions {
  /// An entry for each operator of each block ("BLOCK:KEY"), which a predictor that is linear in the blocks' choices is
  /// exactly the sum of; else one for each operator, the least-squares compromise between the blocks that have it.
  bool by_block = false;
  std::uint64_t seed = 1;
};

/// The table that a predictor implies. Many tables have the same sums: what each block adds can be told only relative
/// to its other choices, since every network has a stem and a head, too. Of the tables with the least squared error to
/// the predictor this is the one nearest, in shares, to what a fit of milliseconds per layer, per FLOP and per byte to
/// the same predictions says of each operator: differences between operators are the predictor's, levels are that
/// fit's.
ImpliedTable implied_table(const Predictor& predictor, const OperatorSpace& operators,
                           const ImpliedTableOptions& options = {});

}  // namespace oneproxy
