#pragma once

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

struct OfaMobileNetV3Settings {
  int resolution = 0;  ///< 0: a decision, 128 to 224 in steps of 4
  double width = 1.2;  ///< multiplies all widths
};

/// The MobileNet-V3 space of Once-for-All (Cai et al., ICLR 2020): five stages of depth 2, 3 or 4, each block with
/// kernel 3, 5 or 7 and expansion 3, 4 or 6; squeeze-and-excite in stages 1, 3 and 4, hard-swish from stage 2 on.
///
/// Decisions: kernel of blocks 0..19, expansion of blocks 0..19, depth of stages 0..4, resolution (46 in all).
/// Kernel and expansion of absent blocks are no decision (canonical: option 0).
/// Encoding: the 128 numbers of Once-for-All's accuracy predictor (20 blocks x 3 kernels, 20 blocks x 3 expansions,
/// zero where absent; the resolution in eight steps of 16 from 112), and the constant.
class OfaMobileNetV3 final : public SearchSpace {
 public:
  static constexpr int stage_count = 5;
  static constexpr int max_depth = 4;
  static constexpr int block_count = stage_count * max_depth;
  static constexpr int kernels[3] = {3, 5, 7};
  static constexpr int expansions[3] = {3, 4, 6};
  static constexpr int depths[3] = {2, 3, 4};

  explicit OfaMobileNetV3(OfaMobileNetV3Settings settings);

  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override { return decisions_; }
  Network network(const Architecture& x) const override;
  void canonicalise(std::span<Architecture> xs) const override;
  std::size_t feature_count() const override { return 129; }
  void active_features(std::span<const Architecture> xs, ActiveFeatures& out) const override;
  /// The blocks present, KERNELxEXPANSION with dots between them, stages parted by -, then `@RESOLUTION`.
  std::string text(const Architecture& x) const override;
  /// Reads text(), JSON, and 46 numbers with dots between them: kernels, expansions, depths, resolution.
  Architecture parse(std::string_view text) const override;
  std::size_t key_field_count() const override { return 46; }
  /// FLOPs of 1 x 1, of depth-wise and of squeeze-and-excite convolutions, activations moved, elements after expansion,
  /// parameters, layers, blocks, pixels, and blocks with kernel 5 and 7.
  Eigen::MatrixXd few_shot_features(std::span<const Architecture> xs) const override;

  static int kernel(const Architecture& x, int block) { return kernels[x[static_cast<std::size_t>(block)]]; }
  static int expansion(const Architecture& x, int block) {
    return expansions[x[static_cast<std::size_t>(block_count + block)]];
  }
  static int depth(const Architecture& x, int stage) {
    return depths[x[static_cast<std::size_t>(2 * block_count + stage)]];
  }
  static bool present(const Architecture& x, int block) { return block % max_depth < depth(x, block / max_depth); }
  int resolution(const Architecture& x) const { return resolutions_[x[decisions_.size() - 1]]; }

 private:
  std::string description_;
  std::vector<Decision> decisions_;
  std::vector<int> resolutions_;
  std::vector<int> widths_;  // stem, five stages, before the pool, before the classifier
};

}  // namespace oneproxy
