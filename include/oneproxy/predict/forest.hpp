#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace oneproxy {

/// A node of a regression tree: the left child where value[feature] <= threshold, else the right; a leaf says `value`.
struct TreeNode {
  std::int32_t feature = -1;  ///< -1: a leaf
  double threshold = 0;
  std::int32_t left = 0;  ///< index of a later node
  std::int32_t right = 0;
  double value = 0;
  bool operator==(const TreeNode&) const = default;
};

/// A random forest: the mean of its trees. An immutable value; safe from any thread.
class Forest {
 public:
  Forest() = default;
  /// `trees`: each begins with its root. @throws InputError where a tree is empty, a node's feature is not below
  /// `feature_count`, its children are not nodes after it, or a number is not finite.
  Forest(std::size_t feature_count, std::vector<std::vector<TreeNode>> trees);

  /// Preconditions: at least one tree; x.size() == feature_count().
  double operator()(std::span<const double> x) const;
  std::size_t feature_count() const { return feature_count_; }
  const std::vector<std::vector<TreeNode>>& trees() const { return trees_; }
  bool operator==(const Forest&) const = default;

 private:
  std::size_t feature_count_ = 0;
  std::vector<std::vector<TreeNode>> trees_;
};

/// Each tree as {"feature": [], "threshold": [], "left": [], "right": [], "value": []}.
nlohmann::json to_json(const Forest& forest);
/// @throws InputError naming tree and field.
Forest forest_of_json(const nlohmann::json& json);

struct ForestOptions {
  int trees = 100;
  int max_depth = 20;
  int min_samples = 2;     ///< a node of fewer is not split
  std::uint64_t seed = 1;  ///< of the draws of samples and features
};

/// Whether this build can fit forests (it needs OpenCV's ml module; predicting needs nothing).
bool can_fit_forests();
/// Bagged regression trees; each split looks at a third of the features. `x`: samples x features.
/// Deterministic in the seed. @throws InputError where this build cannot, saying what it needs.
/// Preconditions: at least one sample, y.size() == x.rows(), everything finite.
Forest fit_forest(const Eigen::MatrixXd& x, std::span<const double> y, const ForestOptions& options = {});

}  // namespace oneproxy
