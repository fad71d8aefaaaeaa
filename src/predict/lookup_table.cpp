#include "oneproxy/predict/lookup_table.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <mutex>
#include <unordered_map>

#include "oneproxy/base/error.hpp"

namespace oneproxy {

using Eigen::Index;

/// The slow way: builds the network and looks its operators up.
struct LookupTablePredictor::Sums {
  SpacePtr space;
  OperatorGrain grain;
  std::unordered_map<std::string, double> latency_ms;
  bool by_block = false;
  bool own = false;
  bool mbv3 = false;
  bool proxylessnas = false;

  std::mutex mutex;
  std::unordered_map<Architecture, double> remembered;

  double find(const Network& network, const OperatorSpan& span) const {
    const auto known = [&](const std::string& key, double& value) {
      const auto entry = latency_ms.find(key);
      if (entry != latency_ms.end()) value = entry->second;
      return entry != latency_ms.end();
    };
    double value = 0;
    const std::string key = operator_key(network, span);
    if (by_block && known(std::string(operator_block(network, span)) + ':' + key, value)) return value;
    if (own && known(key, value)) return value;
    if (mbv3 && known(published_key(network, span, OperatorGrammar::ofa_mbv3), value)) return value;
    if (proxylessnas && known(published_key(network, span, OperatorGrammar::proxylessnas), value)) return value;
    const std::string published =
        published_key(network, span, mbv3 ? OperatorGrammar::ofa_mbv3 : OperatorGrammar::proxylessnas);
    const bool theirs = !own && !by_block && !published.empty();
    throw InputError("lookup table",
                     "lacks the operator " + (theirs ? published : key) + " of " + space->description());
  }

  double sum(const Architecture& x) const {
    const Network network = space->network(x);
    double result = 0;
    for (const auto& span : operator_spans(network, grain)) result += find(network, span);
    return result;
  }
};

namespace {

/// Weights whose sums are those of `sum`, where there are any: fitted to some architectures, tried on others.
template <class Sum>
std::optional<LinearPredictor> linear_form(const SpacePtr& space, const LookupOrigin& origin, const Sum& sum) {
  const auto features = static_cast<Index>(space->feature_count());
  constexpr Index most_features = 600;  // the fit takes n^3
  if (features > most_features) return std::nullopt;
  constexpr Index tried = 200;
  const Index fitted = 3 * features + 50;
  Rng rng(1);
  std::vector<Architecture> xs(static_cast<std::size_t>(fitted + tried));
  for (auto& x : xs) x = space->sample(rng);
  const Eigen::MatrixXd encoded = space->encode(xs).cast<double>();
  Eigen::VectorXd y(fitted + tried);
  for (Index i = 0; i < y.size(); ++i) y[i] = sum(xs[static_cast<std::size_t>(i)]);
  // A column that no fitted architecture has would be left without a weight.
  constexpr std::size_t probed = 5'000;
  ActiveFeatures active;
  std::vector<Architecture> more(probed);
  for (auto& x : more) x = space->sample(rng);
  space->active_features(more, active);
  const Eigen::RowVectorXd seen = encoded.topRows(fitted).colwise().sum();
  for (const auto feature : active.index) {
    if (seen[feature] == 0) return std::nullopt;
  }
  const Eigen::MatrixXd gram = encoded.topRows(fitted).transpose() * encoded.topRows(fitted);
  const Eigen::VectorXd right = encoded.topRows(fitted).transpose() * y.head(fitted);
  const Eigen::VectorXd weights = gram.completeOrthogonalDecomposition().solve(right);
  const double scale = y.cwiseAbs().mean();
  if (!((encoded * weights - y).cwiseAbs().maxCoeff() <= 1e-8 * scale)) return std::nullopt;
  return LinearPredictor(space, weights, {.device = origin.device});
}

}  // namespace

LookupTablePredictor::LookupTablePredictor(SpacePtr space, std::vector<OperatorLatency> entries, OperatorGrain grain,
                                           LookupOrigin origin)
    : space_(std::move(space)),
      entries_(std::move(entries)),
      grain_(grain),
      origin_(std::move(origin)),
      sums_(std::make_unique<Sums>()) {
  std::ranges::sort(entries_, {}, &OperatorLatency::key);
  sums_->space = space_;
  sums_->grain = grain_;
  for (const auto& [key, latency_ms, deviation_ms, count] : entries_) {
    if (!std::isfinite(latency_ms)) throw InputError("lookup table, operator " + key, "its latency is not finite");
    sums_->latency_ms[key] = latency_ms;
    const bool own = key.find('/') != std::string::npos;
    const bool blocks_own = own && key.find(':') != std::string::npos;
    sums_->by_block = sums_->by_block || blocks_own;
    sums_->own = sums_->own || (own && !blocks_own);
    // Keys of other operators than blocks are the same in both grammars.
    sums_->mbv3 = sums_->mbv3 || (!own && key.find("-se:") != std::string::npos);
    sums_->proxylessnas = sums_->proxylessnas || !own;
  }
  linear_ = linear_form(space_, origin_, [this](const Architecture& x) { return sums_->sum(x); });
}

LookupTablePredictor::~LookupTablePredictor() = default;

Eigen::VectorXd LookupTablePredictor::latency_ms(std::span<const Architecture> xs) const {
  if (linear_) return linear_->latency_ms(xs);
  Eigen::VectorXd result(static_cast<Index>(xs.size()));
  const std::lock_guard lock(sums_->mutex);
  for (std::size_t i = 0; i < xs.size(); ++i) {
    auto entry = sums_->remembered.find(xs[i]);
    if (entry == sums_->remembered.end()) entry = sums_->remembered.emplace(xs[i], sums_->sum(xs[i])).first;
    result[static_cast<Index>(i)] = entry->second;
  }
  return result;
}

void LookupTablePredictor::predict(std::span<const Architecture> xs, std::span<float> out) const {
  assert(xs.size() == out.size());
  Eigen::Map<Eigen::VectorXf>(out.data(), static_cast<Index>(out.size())) = latency_ms(xs).cast<float>();
}

std::vector<std::string> operator_keys(const SearchSpace& space, const Architecture& x, OperatorGrain grain,
                                       bool by_block) {
  const Network network = space.network(x);
  std::vector<std::string> keys;
  for (const auto& span : operator_spans(network, grain)) {
    keys.push_back((by_block ? std::string(operator_block(network, span)) + ':' : "") + operator_key(network, span));
  }
  return keys;
}

}  // namespace oneproxy
