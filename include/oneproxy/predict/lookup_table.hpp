#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "oneproxy/data/operator_table.hpp"
#include "oneproxy/predict/linear.hpp"
#include "oneproxy/space/operator_space.hpp"

namespace oneproxy {

/// Where a lookup table comes from; kept in its file.
struct LookupOrigin {
  std::string device = {};  ///< its description, "" where it was not told
  std::string method = {};  ///< "alone", "difference", "implied", or how else its entries came about
};

/// Predicts a latency as the sum of an entry for each operator of the network. An entry belongs to the operators with
/// its key: "BLOCK:KEY" to those of one block alone ("block3:..."), "KEY" to all (operator_key()), and the keys of
/// ProxylessNAS and Once-for-All (published_key()); an operator takes the first of these that the table has.
/// Where the sums are linear in the space's encoding, they are computed from it; else each network is built once and
/// remembered. Safe from any thread.
class LookupTablePredictor final : public Predictor {
 public:
  /// @throws InputError naming an operator of the space that the table lacks, or a latency that is not finite.
  LookupTablePredictor(SpacePtr space, std::vector<OperatorLatency> entries, OperatorGrain grain,
                       LookupOrigin origin = {});
  ~LookupTablePredictor() override;

  void predict(std::span<const Architecture> xs, std::span<float> out) const override;
  /// The same in double precision.
  Eigen::VectorXd latency_ms(std::span<const Architecture> xs) const;

  const SpacePtr& space() const { return space_; }
  /// In the order of their keys.
  const std::vector<OperatorLatency>& entries() const { return entries_; }
  OperatorGrain grain() const { return grain_; }
  const LookupOrigin& origin() const { return origin_; }
  /// The same predictions as weights of the encoding's columns; nothing where the sums are not linear in it.
  const std::optional<LinearPredictor>& linear() const { return linear_; }

 private:
  struct Sums;

  SpacePtr space_;
  std::vector<OperatorLatency> entries_;
  OperatorGrain grain_;
  LookupOrigin origin_;
  std::unique_ptr<Sums> sums_;
  std::optional<LinearPredictor> linear_;
};

/// docs/formats/lookup_table.md. @throws InputError where it cannot be written whole.
void save_lookup_table(const std::filesystem::path& file, const LookupTablePredictor& table);
/// A file as saved, or a YAML, JSON or CSV table of operators (read_operator_table(); then `expected` is the space).
/// @throws InputError naming file and field; see load_linear_predictor().
std::unique_ptr<LookupTablePredictor> load_lookup_table(const std::filesystem::path& file, SpacePtr expected = nullptr);
/// Whether a file seems to hold what load_lookup_table() reads: by its ending (.yaml, .yml, .csv), or its field
/// `format`.
bool is_lookup_table(const std::filesystem::path& file);

/// The grammar that Once-for-All's code uses for networks as those of a space: that of MobileNet-V3 where some operator
/// has squeeze-and-excite or hard-swish.
OperatorGrammar once_for_all_grammar(const OperatorSpace& operators);

/// Entries with operator_key()s of `operators` under the published keys. @throws InputError for an operator that the
/// grammar has no key for, or two that would have the same.
std::vector<OperatorLatency> published_entries(const std::vector<OperatorLatency>& entries,
                                               const OperatorSpace& operators, OperatorGrammar grammar);

/// What an architecture of `space` is made of, as a table's keys; the same order as its operators.
std::vector<std::string> operator_keys(const SearchSpace& space, const Architecture& x, OperatorGrain grain,
                                       bool by_block);

}  // namespace oneproxy
