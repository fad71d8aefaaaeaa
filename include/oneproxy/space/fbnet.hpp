#pragma once

#include <array>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

struct FBNetSettings {
  int classes = 100;
  int resolution = 32;
  int stem_stride = 1;  ///< 2 in the paper, at resolution 224
};

/// FBNet (Wu et al., CVPR 2019, Tables 1 and 2): 22 blocks in seven stages, each one of nine candidates: inverted
/// residual blocks of kernel 3 or 5 with expansion 1, 3 or 6 (or 1 with two groups), or none.
/// Decisions: the candidates of blocks 0..21. Encoding: 22 x 9 one-hot and the constant.
/// The last option of the first block of a stage that changes the shape is a 1 x 1 convolution: something has to.
class FBNet final : public SearchSpace {
 public:
  static constexpr std::size_t block_count = 22;
  static constexpr std::size_t candidate_count = 9;
  struct Candidate {
    const char* name;
    int kernel;     ///< 0: skip
    int expansion;  ///< of the input's channels
    int groups;     ///< of both 1 x 1 convolutions
  };
  static constexpr std::array<Candidate, candidate_count> candidates{{{"k3_e1", 3, 1, 1},
                                                                      {"k3_e1_g2", 3, 1, 2},
                                                                      {"k3_e3", 3, 3, 1},
                                                                      {"k3_e6", 3, 6, 1},
                                                                      {"k5_e1", 5, 1, 1},
                                                                      {"k5_e1_g2", 5, 1, 2},
                                                                      {"k5_e3", 5, 3, 1},
                                                                      {"k5_e6", 5, 6, 1},
                                                                      {"skip", 0, 0, 0}}};
  static constexpr std::uint8_t skip = 8;

  explicit FBNet(FBNetSettings settings);

  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override { return decisions_; }
  Network network(const Architecture& x) const override;
  std::size_t key_field_count() const override { return block_count; }
  /// Sums over the blocks, at 32 and at 224 pixels into the first block: FLOPs of 1 x 1 and of depth-wise
  /// convolutions, activations moved, and elements after expansion (4 each); then parameters, layers and blocks that
  /// are not skipped.
  Eigen::MatrixXd few_shot_features(std::span<const Architecture> xs) const override;
  /// How often each candidate stands among the blocks of each shape (input and output channels, stride, resolution),
  /// since equal blocks take equally long; then how often it stands at all.
  Eigen::MatrixXd few_shot_encoding(std::span<const Architecture> xs) const override;

 private:
  FBNetSettings settings_;
  std::string description_;
  std::vector<Decision> decisions_;
  std::array<int, block_count> shape_of_block_{};
  int shape_count_ = 0;
  Eigen::MatrixXd block_costs_;  // row candidate_count * block + candidate
};

}  // namespace oneproxy
