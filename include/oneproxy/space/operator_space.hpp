#pragma once

#include <string>
#include <vector>

#include "oneproxy/space/operators.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// One of a space's operators.
struct SpaceOperator {
  std::string key;           ///< operator_key()
  std::string proxylessnas;  ///< published_key() of either grammar
  std::string ofa_mbv3;
  Network network;  ///< the operator alone
  /// The operator of fewest FLOPs among those that go before this one somewhere; -1: it takes in the image.
  int before = -1;
};

/// The operators of a space as a space of their own, so that whatever measures, stores and resumes networks does it
/// with operators: its networks are every operator alone, and every operator after the one before it.
/// They are found among random networks of the space, until 50 times as many networks as there are operators (at least
/// 5,000) brought none; ordered by key. Layers are the operators where there are more than largest_count blocks or
/// blocks that cannot run on their own.
/// Description: operators(space="..."). Text: the operator's key; KEY+KEY for one after another.
class OperatorSpace final : public SearchSpace {
 public:
  static constexpr std::size_t largest_count = 5'000;

  /// @throws InputError where the space has more than largest_count different layers, or an operator cannot be run on
  /// its own.
  explicit OperatorSpace(SpacePtr space);

  const SpacePtr& base() const { return base_; }
  OperatorGrain grain() const { return grain_; }
  const std::vector<SpaceOperator>& operators() const { return operators_; }
  /// The operator alone; and after the one before it. Preconditions: there is such an operator, and one before it.
  Architecture alone(std::size_t index) const { return architecture(index, false); }
  Architecture after(std::size_t index) const { return architecture(index, true); }

  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override { return decisions_; }
  Network network(const Architecture& x) const override;
  void canonicalise(std::span<Architecture> xs) const override;
  std::string text(const Architecture& x) const override;
  Architecture parse(std::string_view text) const override;

 private:
  bool find_operators(OperatorGrain grain);
  Architecture architecture(std::size_t index, bool after) const;
  std::size_t index_of(const Architecture& x) const;
  bool is_after(const Architecture& x) const;

  SpacePtr base_;
  std::string description_;
  OperatorGrain grain_ = OperatorGrain::block;
  std::vector<SpaceOperator> operators_;
  std::vector<Decision> decisions_;  // whether after another; the index's two digits
};

}  // namespace oneproxy
