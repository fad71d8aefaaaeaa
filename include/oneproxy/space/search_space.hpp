#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oneproxy/base/rng.hpp"
#include "oneproxy/space/architecture.hpp"
#include "oneproxy/space/network.hpp"

namespace oneproxy {

/// Row = architecture, column = feature, everywhere. Row-major, so that one architecture lies together.
using FeatureMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// One thing that a search decides, e.g. the kernel size of a block.
struct Decision {
  std::string name;
  std::vector<std::string> options;
};

/// The one-hot encodings of a batch, as the places of the ones: those of row i are
/// index[begin[i]] .. index[begin[i + 1] - 1], ascending.
struct ActiveFeatures {
  std::vector<std::uint16_t> index;
  std::vector<std::uint32_t> begin{0};

  std::size_t rows() const { return begin.size() - 1; }
  std::span<const std::uint16_t> row(std::size_t i) const { return {index.data() + begin[i], begin[i + 1] - begin[i]}; }
  void clear();
};

/// A search space X (open to users; a seam). Immutable; safe from any thread.
/// To write one, override description(), decisions() and network(); the other virtual functions have defaults
/// that fit any space without decisions that switch others off.
class SearchSpace {
 public:
  virtual ~SearchSpace() = default;

  /// The text that makes this space again, with every setting.
  virtual const std::string& description() const = 0;
  virtual std::span<const Decision> decisions() const = 0;
  /// The layer graph. Precondition: contains(x).
  virtual Network network(const Architecture& x) const = 0;

  /// Rewrites each architecture to the one spelling of its network: decisions that do not matter become option 0.
  virtual void canonicalise(std::span<Architecture> xs) const;
  /// Number of columns of the encoding, the constant 1 (always the last column) among them.
  virtual std::size_t feature_count() const;
  /// Appends the encodings of `xs` to `out`. Default: the options of all decisions one-hot, then the constant.
  virtual void active_features(std::span<const Architecture> xs, ActiveFeatures& out) const;
  /// Architecture as compact text without spaces, commas or quotes (for tables). Default: option indices with dots.
  virtual std::string text(const Architecture& x) const;
  /// Reads text() and the JSON of to_json(). @throws InputError saying what was expected.
  virtual Architecture parse(std::string_view text) const;
  /// Default: an object of the decisions' names and options.
  virtual nlohmann::json to_json(const Architecture& x) const;
  virtual Architecture from_json(const nlohmann::json& json) const;
  /// Fields that an architecture takes in published tables of the space; with dots between them, parse() reads them.
  virtual std::size_t key_field_count() const { return 1; }
  /// What a network costs on any device, for prediction from few measurements: one row for each architecture, raw
  /// units. Much faster than building networks where a space overrides it. Default: cost_features().
  virtual Eigen::MatrixXd few_shot_features(std::span<const Architecture> xs) const;
  /// The encoding for the same purpose, without the constant. Default: encode(), and how often each option is taken
  /// where all decisions have the same options.
  virtual Eigen::MatrixXd few_shot_encoding(std::span<const Architecture> xs) const;

  Architecture canonical(Architecture x) const;
  /// Uniform over the options of every decision, then canonical.
  Architecture sample(Rng& rng) const;
  /// `count` different architectures. @throws InputError where the space seems to have fewer.
  std::vector<Architecture> sample_distinct(std::size_t count, Rng& rng) const;
  /// `count` different architectures of every size, where the options of a decision go from small to large: for each a
  /// share u is drawn uniformly from 0 to 1, and every decision of n options takes option Binomial(n - 1, u). Draws
  /// that are uniform in the options nearly all end in the middle. @throws InputError where the space seems to have
  /// fewer.
  std::vector<Architecture> sample_graded(std::size_t count, Rng& rng) const;
  bool contains(const Architecture& x) const;
  /// n x feature_count(), zeros and ones.
  FeatureMatrix encode(std::span<const Architecture> xs) const;
  /// n x 9, the fields of NetworkCosts in their order.
  Eigen::MatrixXd cost_features(std::span<const Architecture> xs) const;
};

using SpacePtr = std::shared_ptr<const SearchSpace>;

/// Makes a space from its description, e.g. "mobilenet_v2(resolution=224, width=1.3)", or from a file that describes
/// it, "FILE.yaml" (layerwise.hpp).
/// @throws InputError for an unknown name or setting.
SpacePtr make_space(std::string_view description);

}  // namespace oneproxy
