#include <algorithm>

#include "oneproxy/space/nas_bench_201.hpp"

namespace oneproxy {
namespace {

using Index = Eigen::Index;
using Weights5 = std::array<int, NasBench201::operator_count>;

/// A 3 x 3 convolution does nine times the arithmetic of a 1 x 1.
constexpr Weights5 kWork{0, 0, 1, 9, 1};
constexpr Weights5 kOperators{0, 0, 1, 1, 1};
constexpr Weights5 kEdges{0, 1, 1, 1, 1};

/// The heaviest path from input to output along live edges.
int critical_path(const Architecture& x, const std::array<bool, NasBench201::edge_count>& live,
                  const Weights5& weight) {
  std::array<int, 4> heaviest{};
  for (std::size_t e = 0; e < NasBench201::edge_count; ++e) {
    if (!live[e]) continue;
    const auto [from, to] = NasBench201::edges[e];
    heaviest[to] = std::max(heaviest[to], heaviest[from] + weight[x[e]]);
  }
  return heaviest[3];
}

}  // namespace

/// Columns: live skips, 1 x 1, 3 x 3 and poolings (4), all operators by kind (5), critical path by work, operators and
/// edges (3), live edges, edges that are not none, work of the live convolutions, idle edges, additions.
Eigen::MatrixXd NasBench201::few_shot_features(std::span<const Architecture> xs) const {
  Eigen::MatrixXd features = Eigen::MatrixXd::Zero(static_cast<Index>(xs.size()), 17);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const auto& x = xs[i];
    auto row = features.row(static_cast<Index>(i));
    const auto live = live_edges(x);
    std::array<int, 4> terms{};
    int present = 0;
    for (std::size_t e = 0; e < edge_count; ++e) {
      row(4 + x[e]) += 1;
      present += x[e] != none ? 1 : 0;
      if (!live[e]) continue;
      row(x[e] - 1) += 1;
      ++terms[edges[e].to];
    }
    row(9) = critical_path(x, live, kWork);
    row(10) = critical_path(x, live, kOperators);
    row(11) = critical_path(x, live, kEdges);
    row(12) = terms[1] + terms[2] + terms[3];
    row(13) = present;
    row(14) = row(convolution_1x1 - 1) + kWork[convolution_3x3] * row(convolution_3x3 - 1);
    row(15) = row(13) - row(12);
    for (const int count : terms) row(16) += std::max(count - 1, 0);
  }
  return features;
}

/// One-hot operators (30), the same of live edges without none (24), and how often each stands (4 live, 5 all).
Eigen::MatrixXd NasBench201::few_shot_encoding(std::span<const Architecture> xs) const {
  Eigen::MatrixXd encoding = Eigen::MatrixXd::Zero(static_cast<Index>(xs.size()), 63);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const auto& x = xs[i];
    auto row = encoding.row(static_cast<Index>(i));
    const auto live = live_edges(x);
    for (std::size_t e = 0; e < edge_count; ++e) {
      const Index edge = static_cast<Index>(e);
      row(5 * edge + x[e]) = 1;
      row(58 + x[e]) += 1;
      if (!live[e]) continue;
      row(30 + 4 * edge + x[e] - 1) = 1;
      row(54 + x[e] - 1) += 1;
    }
  }
  return encoding;
}

}  // namespace oneproxy
