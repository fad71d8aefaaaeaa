#pragma once

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// The paper's space (section 6.1, appendices A and B.2): MobileNet-V2 inverted residual blocks in five stages of
/// depth 2, 3 or 4 and one last block: 21 searchable blocks, each with kernel 3, 5 or 7 and expansion 3, 4 or 6.
///
/// Decisions: kernel of blocks 0..20, expansion of blocks 0..20, depth of stages 0..4 (47 in all).
/// Encoding: 21 blocks x 9 (kernel x expansion) one-hot, all zero where the depth leaves the block out, and the
/// constant: 190 columns. Kernel and expansion of absent blocks are no decision (canonical: option 0).
struct MobileNetV2Settings {
  int resolution = 224;
  double width = 1.3;  ///< multiplies all widths but the last of a width below 1, rounded to multiples of 8
  int classes = 1000;
  int channels = 3;  ///< of the input
  /// Stem, first fixed block, five stages, last block, features before the classifier.
  std::vector<int> widths{32, 16, 24, 40, 80, 96, 192, 320, 1280};
  /// Stem, five stages (of the first block in each).
  std::vector<int> strides{2, 2, 2, 2, 1, 2};
};

class MobileNetV2 final : public SearchSpace {
 public:
  static constexpr int stage_count = 5;
  static constexpr int max_depth = 4;
  static constexpr int block_count = stage_count * max_depth + 1;
  static constexpr int candidate_count = 9;  ///< kernel x expansion
  static constexpr int kernels[3] = {3, 5, 7};
  static constexpr int expansions[3] = {3, 4, 6};
  static constexpr int depths[3] = {2, 3, 4};

  /// @throws InputError for settings out of range.
  explicit MobileNetV2(MobileNetV2Settings settings);

  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override { return decisions_; }
  Network network(const Architecture& x) const override;
  void canonicalise(std::span<Architecture> xs) const override;
  std::size_t feature_count() const override { return block_count * candidate_count + 1; }
  void active_features(std::span<const Architecture> xs, ActiveFeatures& out) const override;
  std::string text(const Architecture& x) const override;
  Architecture parse(std::string_view text) const override;
  nlohmann::json to_json(const Architecture& x) const override;
  Architecture from_json(const nlohmann::json& json) const override;

  const MobileNetV2Settings& settings() const { return settings_; }
  /// Channels after the width multiplier, in the order of MobileNetV2Settings::widths.
  const std::vector<int>& scaled_widths() const { return scaled_widths_; }

  // The decisions of an architecture, in the paper's units.
  static int kernel(const Architecture& x, int block) { return kernels[x[static_cast<std::size_t>(block)]]; }
  static int expansion(const Architecture& x, int block) {
    return expansions[x[static_cast<std::size_t>(block_count + block)]];
  }
  static int depth(const Architecture& x, int stage) {
    return depths[x[static_cast<std::size_t>(2 * block_count + stage)]];
  }
  /// Whether the depths keep this block; the last block (20) always is.
  static bool present(const Architecture& x, int block) {
    return block == block_count - 1 || block % max_depth < depth(x, block / max_depth);
  }

 private:
  MobileNetV2Settings settings_;
  std::vector<int> scaled_widths_;
  std::string description_;
  std::vector<Decision> decisions_;
};

}  // namespace oneproxy
