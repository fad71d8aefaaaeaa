#include "oneproxy/base/error.hpp"
#include "oneproxy/predict/forest.hpp"

#ifdef ONEPROXY_HAS_OPENCV_ML

#include <algorithm>
#include <cassert>
#include <opencv2/core.hpp>
#include <opencv2/ml.hpp>

namespace oneproxy {
namespace {

/// The tree from node `root` of the library's list on, each node before its children.
std::vector<TreeNode> tree_of(const cv::ml::DTrees& forest, int root) {
  const auto& nodes = forest.getNodes();
  const auto& splits = forest.getSplits();
  std::vector<TreeNode> tree;
  const auto take = [&](const auto& self, int index) -> std::int32_t {
    const auto place = static_cast<std::int32_t>(tree.size());
    const auto& node = nodes[static_cast<std::size_t>(index)];
    tree.push_back({.feature = -1, .threshold = 0, .left = 0, .right = 0, .value = node.value});
    if (node.split < 0) return place;
    const auto& split = splits[static_cast<std::size_t>(node.split)];
    const std::int32_t left = self(self, node.left);
    const std::int32_t right = self(self, node.right);
    tree[static_cast<std::size_t>(place)] = {split.varIdx, split.c, left, right, node.value};
    return place;
  };
  take(take, root);
  return tree;
}

}  // namespace

bool can_fit_forests() { return true; }

Forest fit_forest(const Eigen::MatrixXd& x, std::span<const double> y, const ForestOptions& options) {
  assert(x.rows() > 0 && static_cast<std::size_t>(x.rows()) == y.size());
  const auto [low, high] = std::ranges::minmax(y);
  const auto feature_count = static_cast<std::size_t>(x.cols());
  if (low == high) return Forest(feature_count, {{TreeNode{.value = low}}});  // the library refuses a constant
  cv::Mat samples(static_cast<int>(x.rows()), static_cast<int>(x.cols()), CV_32F);
  cv::Mat responses(static_cast<int>(x.rows()), 1, CV_32F);
  // The library stops where values differ by less than an absolute accuracy: it sees them on a scale of 0 to 1000.
  const double scale = 1000 / (high - low);
  for (int i = 0; i < samples.rows; ++i) {
    for (int j = 0; j < samples.cols; ++j) samples.at<float>(i, j) = static_cast<float>(x(i, j));
    responses.at<float>(i) = static_cast<float>((y[static_cast<std::size_t>(i)] - low) * scale);
  }
  const auto trees = cv::ml::RTrees::create();
  trees->setMaxDepth(options.max_depth);
  trees->setMinSampleCount(options.min_samples);
  trees->setRegressionAccuracy(1e-3F);
  trees->setActiveVarCount(static_cast<int>(std::max<Eigen::Index>(1, (x.cols() + 2) / 3)));
  trees->setTermCriteria(cv::TermCriteria(cv::TermCriteria::MAX_ITER, options.trees, 0));
  cv::setRNGSeed(static_cast<int>(options.seed & 0x7fffffff));  // of this thread
  trees->train(cv::ml::TrainData::create(samples, cv::ml::ROW_SAMPLE, responses));
  std::vector<std::vector<TreeNode>> found;
  for (const int root : trees->getRoots()) {
    auto& tree = found.emplace_back(tree_of(*trees, root));
    for (TreeNode& node : tree) node.value = node.value / scale + low;
  }
  return Forest(feature_count, std::move(found));
}

}  // namespace oneproxy

#else

namespace oneproxy {

bool can_fit_forests() { return false; }

Forest fit_forest(const Eigen::MatrixXd&, std::span<const double>, const ForestOptions&) {
  throw InputError(
      "random forests",
      "this build cannot fit them; install OpenCV's ml module (Debian: libopencv-ml-dev), then build again");
}

}  // namespace oneproxy

#endif
