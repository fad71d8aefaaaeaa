#pragma once

#include <filesystem>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// One block of a layer-wise space, as a candidate makes it.
struct BlockKind {
  enum class Form {
    inverted_residual,  ///< 1 x 1 convolution to expansion times the channels (none for 1), depth-wise, 1 x 1
    separable,          ///< depth-wise convolution, 1 x 1 convolution
    convolution,        ///< one convolution
    skip,               ///< nothing; a 1 x 1 convolution where the shape changes
  };
  Form form = Form::inverted_residual;
  int kernel = 3;        ///< odd
  int expansion = 1;     ///< of the input's channels
  int groups = 1;        ///< of 1 x 1 convolutions (channels are shuffled after the first), or of the one convolution
  bool squeeze = false;  ///< squeeze-and-excite, a quarter of the channels wide, before the last convolution
  Activation activation = Activation::relu6;
  bool operator==(const BlockKind&) const = default;
};

/// A space whose networks are stages of blocks, each block one of the same candidates.
struct LayerwisePlan {
  /// A layer that every network has.
  struct FixedLayer {
    enum class Kind { convolution, block, max_pool, average_pool, global_average_pool, fully_connected };
    Kind kind = Kind::convolution;
    std::string name;
    int channels = 0;  ///< of the output
    int kernel = 1;
    int stride = 1;
    int padding = 0;  ///< of pools
    Activation activation = Activation::none;
    BlockKind block;  ///< of a block
  };
  struct Stage {
    int channels = 0;
    int stride = 1;           ///< of the first block
    std::vector<int> depths;  ///< ascending, from 1 on; the numbers of blocks to choose from
  };

  std::string description;
  Shape input;
  std::vector<FixedLayer> stem;
  std::vector<Stage> stages;
  std::vector<FixedLayer> head;
  /// What each block decides, e.g. kernel and expansion.
  std::vector<Decision> choices;
  /// The block for each combination of options, those of the last choice varying fastest.
  std::vector<BlockKind> candidates;
};

/// Decisions: for each choice the option of every block (`kernel.0`, ..), then the depth of the stages that have more
/// than one. Blocks that the depth leaves out decide nothing (canonical: option 0). Residual sums where a block keeps
/// its input's shape. Encoding: for each block its candidate one-hot, all zero where absent, and the constant.
/// Text: the options of the blocks present, `x` between choices, `.` between blocks, `-` between stages.
class LayerwiseSpace final : public SearchSpace {
 public:
  /// @throws InputError where a plan has too many decisions, or groups that do not divide channels.
  explicit LayerwiseSpace(LayerwisePlan plan);

  const std::string& description() const override { return plan_.description; }
  std::span<const Decision> decisions() const override { return decisions_; }
  Network network(const Architecture& x) const override;
  void canonicalise(std::span<Architecture> xs) const override;
  std::size_t feature_count() const override { return blocks_.size() * plan_.candidates.size() + 1; }
  void active_features(std::span<const Architecture> xs, ActiveFeatures& out) const override;
  std::string text(const Architecture& x) const override;
  Architecture parse(std::string_view text) const override;

 private:
  /// One block that there may be.
  struct Block {
    std::size_t stage;
    int index;  ///< within the stage
    int in;     ///< channels
  };

  bool present(const Architecture& x, std::size_t block) const;
  int depth(const Architecture& x, std::size_t stage) const;
  std::size_t candidate(const Architecture& x, std::size_t block) const;

  LayerwisePlan plan_;
  std::vector<Decision> decisions_;
  std::vector<Block> blocks_;
  std::vector<int> depth_decision_;  ///< of each stage; -1 where its depth is fixed
};

/// Reads docs/formats/layerwise.md. The description is `layerwise(FILE, digest=...)`, where the digest is of the file's
/// content. @throws InputError naming file, line and field; or what is missing where this build lacks yaml-cpp; or
/// where `digest` is not empty and not that of the file.
SpacePtr read_layerwise_space(const std::filesystem::path& file, const std::string& digest = "");

}  // namespace oneproxy
