#pragma once

#include <array>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// NAS-Bench-201 (Dong and Yang, ICLR 2020): a cell of four nodes whose six edges each carry one of five operators,
/// 15,625 architectures. Decisions: the operators of the edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3.
/// Encoding: 6 x 5 one-hot and the constant. Isomorphic cells stay distinct architectures, as in the benchmark.
class NasBench201 final : public SearchSpace {
 public:
  static constexpr std::size_t edge_count = 6;
  static constexpr std::size_t operator_count = 5;
  static constexpr std::size_t architecture_count = 15'625;
  enum Operator : std::uint8_t { none, skip_connect, convolution_1x1, convolution_3x3, average_pool_3x3 };
  struct Edge {
    std::uint8_t from;
    std::uint8_t to;
  };
  static constexpr std::array<Edge, edge_count> edges{{{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}}};

  /// @throws InputError where `dataset` is not cifar10, cifar100 or imagenet16_120.
  explicit NasBench201(std::string_view dataset = "cifar10");

  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override { return decisions_; }
  /// The stem, three stages of five cells with residual reductions between them, and the classifier, with every
  /// operator of the cell, also those that the output does not depend on.
  Network network(const Architecture& x) const override;
  /// `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`.
  std::string text(const Architecture& x) const override;
  /// Reads text(), an official index and JSON.
  Architecture parse(std::string_view text) const override;
  Eigen::MatrixXd few_shot_features(std::span<const Architecture> xs) const override;
  Eigen::MatrixXd few_shot_encoding(std::span<const Architecture> xs) const override;

  /// The benchmark's own number of an architecture, 0..15624. Precondition: contains(x).
  static std::size_t official_index(const Architecture& x);
  /// Precondition: index < architecture_count.
  static Architecture architecture(std::size_t index);

  /// Edges that carry something from the input to the output: not `none`, and on a path of such edges.
  static std::array<bool, edge_count> live_edges(const Architecture& x);

  /// The benchmark's text of a cell's graph, equal for cells that it counts as one (6,466 in all): a skip connection
  /// passes its node on, terms are sorted, and every zero is alike but stays a term of its sum.
  static std::string graph_key(const Architecture& x);

  /// FLOPs and parameters as the benchmark publishes them: one multiply-accumulate counts 1 (pooling, additions and
  /// normalisation 0, the classifier's biases 1 each), batch normalisation has two parameters a channel.
  struct PublishedCosts {
    std::int64_t multiply_accumulates = 0;
    std::int64_t parameters = 0;
  };
  PublishedCosts published_costs(const Architecture& x) const;

 private:
  std::string description_;
  std::vector<Decision> decisions_;
  int classes_ = 10;
  int resolution_ = 32;
};

}  // namespace oneproxy
