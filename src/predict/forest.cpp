#include "oneproxy/predict/forest.hpp"

#include <cassert>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "oneproxy/base/error.hpp"

namespace oneproxy {

Forest::Forest(std::size_t feature_count, std::vector<std::vector<TreeNode>> trees)
    : feature_count_(feature_count), trees_(std::move(trees)) {
  if (trees_.empty()) throw InputError("forest", "expected at least one tree");
  for (std::size_t t = 0; t < trees_.size(); ++t) {
    const auto& nodes = trees_[t];
    const std::string where = "tree " + std::to_string(t);
    if (nodes.empty()) throw InputError(where, "expected at least one node");
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const TreeNode& node = nodes[i];
      const auto follows = [&](std::int32_t child) {
        return child > static_cast<std::int64_t>(i) && child < static_cast<std::int64_t>(nodes.size());
      };
      const bool leaf = node.feature == -1;
      if (!leaf && (node.feature < 0 || static_cast<std::size_t>(node.feature) >= feature_count_ ||
                    !follows(node.left) || !follows(node.right))) {
        throw InputError(where + ", node " + std::to_string(i),
                         "expected a feature below " + std::to_string(feature_count_) + " and children after it");
      }
      if (!std::isfinite(node.threshold) || !std::isfinite(node.value)) {
        throw InputError(where + ", node " + std::to_string(i), "expected finite numbers");
      }
    }
  }
}

double Forest::operator()(std::span<const double> x) const {
  assert(!trees_.empty() && x.size() == feature_count_);
  double sum = 0;
  for (const auto& nodes : trees_) {
    const TreeNode* node = nodes.data();
    while (node->feature >= 0) {
      const bool left = x[static_cast<std::size_t>(node->feature)] <= node->threshold;
      node = nodes.data() + (left ? node->left : node->right);
    }
    sum += node->value;
  }
  return sum / static_cast<double>(trees_.size());
}

nlohmann::json to_json(const Forest& forest) {
  auto trees = nlohmann::json::array();
  for (const auto& nodes : forest.trees()) {
    nlohmann::json tree;
    for (const TreeNode& node : nodes) {
      tree["feature"].push_back(node.feature);
      tree["threshold"].push_back(node.threshold);
      tree["left"].push_back(node.left);
      tree["right"].push_back(node.right);
      tree["value"].push_back(node.value);
    }
    trees.push_back(std::move(tree));
  }
  return {{"features", forest.feature_count()}, {"trees", std::move(trees)}};
}

Forest forest_of_json(const nlohmann::json& json) {
  constexpr std::size_t most_features = 1000;
  try {
    const auto feature_count = json.at("features").get<std::size_t>();
    if (feature_count == 0 || feature_count > most_features) throw InputError("features", "expected 1 to 1000");
    std::vector<std::vector<TreeNode>> trees;
    for (const auto& tree : json.at("trees")) {
      const auto feature = tree.at("feature").get<std::vector<std::int32_t>>();
      const auto threshold = tree.at("threshold").get<std::vector<double>>();
      const auto left = tree.at("left").get<std::vector<std::int32_t>>();
      const auto right = tree.at("right").get<std::vector<std::int32_t>>();
      const auto value = tree.at("value").get<std::vector<double>>();
      const std::string where = "tree " + std::to_string(trees.size());
      for (const std::size_t size : {threshold.size(), left.size(), right.size(), value.size()}) {
        if (size != feature.size()) throw InputError(where, "expected lists of one length");
      }
      auto& nodes = trees.emplace_back();
      for (std::size_t i = 0; i < feature.size(); ++i) {
        nodes.push_back({feature[i], threshold[i], left[i], right[i], value[i]});
      }
    }
    return Forest(feature_count, std::move(trees));
  } catch (const nlohmann::json::exception&) {
    throw InputError("forest", "expected features and trees, as docs/formats/predictor.md says");
  }
}

}  // namespace oneproxy
