#include <algorithm>
#include <map>

#include "oneproxy/base/error.hpp"
#include "oneproxy/predict/lookup_table.hpp"

namespace oneproxy {

OperatorGrammar once_for_all_grammar(const OperatorSpace& operators) {
  const bool excites = std::ranges::any_of(operators.operators(), [](const SpaceOperator& each) {
    return each.ofa_mbv3.find("-se:1") != std::string::npos || each.ofa_mbv3.find("-hs:1") != std::string::npos;
  });
  return excites ? OperatorGrammar::ofa_mbv3 : OperatorGrammar::proxylessnas;
}

std::vector<OperatorLatency> published_entries(const std::vector<OperatorLatency>& entries,
                                               const OperatorSpace& operators, OperatorGrammar grammar) {
  const std::string name = grammar == OperatorGrammar::ofa_mbv3 ? "Once-for-All" : "ProxylessNAS";
  const auto& all = operators.operators();
  std::map<std::string, std::string> owner;
  std::vector<OperatorLatency> result;
  for (const auto& entry : entries) {
    const auto each = std::ranges::lower_bound(all, entry.key, {}, &SpaceOperator::key);
    const bool known = each != all.end() && each->key == entry.key;
    const std::string key = !known ? "" : grammar == OperatorGrammar::ofa_mbv3 ? each->ofa_mbv3 : each->proxylessnas;
    const std::string place = operators.base()->description() + ", operator " + entry.key;
    if (key.empty()) throw InputError(place, name + "'s tables have no key for it; csv holds any operator");
    const auto [other, is_new] = owner.emplace(key, entry.key);
    if (!is_new) {
      throw InputError(place,
                       "has the same key in " + name + "'s tables as " + other->second + "; csv holds any operator");
    }
    result.push_back(entry);
    result.back().key = key;
  }
  return result;
}

}  // namespace oneproxy
