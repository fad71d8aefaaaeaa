#include "oneproxy/adapt/few_shot_prior.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <string>

#include "few_shot_defaults.hpp"
#include "fleet_evidence.hpp"
#include "interactions.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/rng.hpp"
#include "ridge.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

Index column(PriorGroup group) { return static_cast<Index>(group); }

// Which of the known rows a device has, as positions in KnownLatencies::rows.
std::vector<Index> present(const KnownLatencies& known, Index device) {
  std::vector<Index> result;
  for (Index i = 0; i < known.latency_ms.rows(); ++i) {
    if (std::isfinite(known.latency_ms(i, device))) result.push_back(i);
  }
  return result;
}

Eigen::MatrixXd rows_of(const Eigen::MatrixXd& x, const KnownLatencies& known, const std::vector<Index>& places) {
  Eigen::MatrixXd result(static_cast<Index>(places.size()), x.cols());
  for (std::size_t i = 0; i < places.size(); ++i) {
    result.row(static_cast<Index>(i)) = x.row(static_cast<Index>(known.rows[static_cast<std::size_t>(places[i])]));
  }
  return result;
}

// Latencies at these places, mean 0 and variance 1; empty where they are all the same.
Eigen::VectorXd latencies_of(const KnownLatencies& known, Index device, const std::vector<Index>& places) {
  Eigen::MatrixXd values(static_cast<Index>(places.size()), 1);
  for (std::size_t i = 0; i < places.size(); ++i) {
    values(static_cast<Index>(i), 0) = known.latency_ms(places[i], device);
  }
  const Eigen::MatrixXd scaled = standardised(values);
  return scaled.cols() == 0 ? Eigen::VectorXd() : Eigen::VectorXd(scaled.col(0));
}

// Up to `count` latencies of each device, predictions standing in for measurements.
KnownLatencies predictions_as_known(const Eigen::MatrixXd& predicted, std::size_t count) {
  KnownLatencies known;
  const auto size = static_cast<std::size_t>(predicted.rows());
  count = std::min(size, count);
  known.latency_ms.resize(static_cast<Index>(count), predicted.cols());
  for (std::size_t i = 0; i < count; ++i) {
    known.rows.push_back(i * size / count);
    known.latency_ms.row(static_cast<Index>(i)) = predicted.row(static_cast<Index>(known.rows.back()));
  }
  return known;
}

// Mean square of each cost feature's weight in a ridge regression of each known device on the cost features alone.
Eigen::VectorXd cost_worth(const Eigen::MatrixXd& cost, const KnownLatencies& known) {
  Eigen::VectorXd worth = Eigen::VectorXd::Zero(cost.cols());
  // One device's weights do not tell how devices differ.
  const Index devices = known.latency_ms.cols() > 1 && cost.cols() > 0 ? known.latency_ms.cols() : 0;
  for (Index d = 0; d < devices; ++d) {
    const std::vector<Index> places = present(known, d);
    const Eigen::VectorXd latency = latencies_of(known, d, places);
    if (latency.size() < 3) continue;
    worth += ridge_weights(rows_of(cost, known, places), latency).rowwise().squaredNorm();
  }
  if (worth.sum() > 0) return worth / worth.sum();
  return Eigen::VectorXd::Constant(cost.cols(), 1 / std::max(1.0, static_cast<double>(cost.cols())));
}

std::vector<PseudoTarget> pseudo_targets(const Eigen::MatrixXd& proxies, const Eigen::MatrixXd& features,
                                         const KnownLatencies& known, const FewShotPriorOptions& options) {
  const Rng rng(options.seed);
  const double count = static_cast<double>(proxies.rows());
  std::vector<PseudoTarget> targets;
  for (Index d = 0; d < proxies.cols(); ++d) {
    std::vector<Index> places = present(known, d);
    rng.stream(static_cast<std::uint64_t>(d)).shuffle<Index>(places);
    places.resize(std::min(places.size(), options.rows_per_device));
    const Eigen::VectorXd latency = latencies_of(known, d, places);
    if (latency.size() < 3) continue;
    std::vector<Index> others;
    for (Index j = 0; j < proxies.cols(); ++j) {
      if (j != d && std::abs(proxies.col(j).dot(proxies.col(d))) / count <= options.alike) others.push_back(j);
    }
    const double scale = 1 / std::sqrt(std::max<double>(1, static_cast<double>(others.size())));
    targets.push_back(
        {rows_of(proxies, known, places)(Eigen::all, others) * scale, rows_of(features, known, places), latency});
  }
  return targets;
}

// And the constant 1. Any of the three may have no columns, and then no rows either.
Eigen::MatrixXf side_by_side(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, const Eigen::MatrixXd& c) {
  const Index count = std::max({a.rows(), b.rows(), c.rows()});
  Eigen::MatrixXf result = Eigen::MatrixXf::Ones(count, a.cols() + b.cols() + c.cols() + 1);
  if (a.cols() > 0) result.leftCols(a.cols()) = a.cast<float>();
  if (b.cols() > 0) result.middleCols(a.cols(), b.cols()) = b.cast<float>();
  if (c.cols() > 0) result.middleCols(a.cols() + b.cols(), c.cols()) = c.cast<float>();
  return result;
}

}  // namespace

Eigen::MatrixXf FewShotPrior::features_of(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& cost,
                                          const Eigen::MatrixXd& encoding) const {
  return side_by_side(predicted_scale(predicted), cost_scale(cost), encoding_scale(encoding));
}

FewShotPrior few_shot_prior(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& cost,
                            const Eigen::MatrixXd& encoding, const KnownLatencies& known,
                            const FewShotPriorOptions& options) {
  const Index count = std::max({predicted.rows(), cost.rows(), encoding.rows()});
  assert(predicted.cols() == 0 || predicted.rows() == count);
  assert(cost.cols() == 0 || cost.rows() == count);
  assert(encoding.cols() == 0 || encoding.rows() == count);
  assert(known.rows.empty() || known.latency_ms.cols() == predicted.cols());
  assert(known.latency_ms.rows() == static_cast<Index>(known.rows.size()));
  FewShotPrior prior;
  prior.predicted_scale = column_scale(predicted);
  prior.cost_scale = column_scale(cost);
  prior.encoding_scale = column_scale(encoding);
  const Eigen::MatrixXd p = prior.predicted_scale(predicted);
  const Eigen::MatrixXd f = prior.cost_scale(cost);
  const Eigen::MatrixXd e = prior.encoding_scale(encoding);
  // A device whose predictions are constant has lost its column, so measurements no longer match columns.
  const KnownLatencies seen =
      known.rows.empty() || p.cols() != predicted.cols() ? predictions_as_known(p, 4 * options.rows_per_device) : known;

  const Index features = f.cols() + e.cols();
  prior.features = side_by_side(p, f, e);
  prior.share = Eigen::MatrixXd::Zero(prior.features.cols(), static_cast<Index>(prior_group_count));
  for (std::size_t g = 0; g < prior_group_count; ++g) prior.log_variance[g] = std::log(default_variance[g]);
  prior.log_noise = std::log(default_noise);
  const auto share = [&](PriorGroup group, Index from, Index size) {
    return prior.share.col(column(group)).segment(from, size);
  };
  if (p.cols() > 0) share(PriorGroup::proxies, 0, p.cols()).setConstant(1 / static_cast<double>(p.cols()));
  if (f.cols() > 0) share(PriorGroup::costs, p.cols(), f.cols()) = cost_worth(f, seen);
  if (e.cols() > 0) {
    share(PriorGroup::encoding, p.cols() + f.cols(), e.cols()).setConstant(1 / static_cast<double>(e.cols()));
  }
  prior.share(prior.share.rows() - 1, column(PriorGroup::constant)) = 1;
  if (p.cols() < 2 || features == 0) return prior;

  Eigen::MatrixXd both(count, features);
  both << f, e;
  const std::vector<PseudoTarget> targets = pseudo_targets(p, both, seen, options);
  if (targets.empty()) return prior;
  const FleetVariances fleet = fit_fleet(targets, e.cols(), options.steps);
  share(PriorGroup::fleet, p.cols(), features) = fleet.features.array().exp();
  prior.log_variance[static_cast<std::size_t>(PriorGroup::proxies)] = fleet.proxies;
  // The fleet's weights explain the known devices; what a new device needs besides is left open, but small at first.
  prior.log_variance[static_cast<std::size_t>(PriorGroup::costs)] = std::log(0.05);
  prior.log_variance[static_cast<std::size_t>(PriorGroup::encoding)] = std::max(fleet.encoding, std::log(0.01));
  prior.log_noise = fleet.noise;
  return prior;
}

FewShotPrior single_proxy_prior(const Eigen::MatrixXd& x, const Eigen::VectorXd& weights) {
  assert(x.cols() == weights.size());
  FewShotPrior prior;
  prior.features.resize(x.rows(), x.cols() + 2);
  prior.features.col(0) = (x * weights).cast<float>();
  prior.features.middleCols(1, x.cols()) = (x * weights.asDiagonal()).cast<float>();
  prior.features.rightCols(1).setOnes();
  prior.share = Eigen::MatrixXd::Zero(x.cols() + 2, static_cast<Index>(prior_group_count));
  prior.share(0, column(PriorGroup::proxies)) = 1;
  prior.share.col(column(PriorGroup::encoding)).segment(1, x.cols()).setOnes();
  prior.share(x.cols() + 1, column(PriorGroup::constant)) = 1;
  prior.log_variance = {std::log(1e6), 0, 0, std::log(0.1), std::log(1e6)};
  prior.log_noise = std::log(default_noise);
  return prior;
}

Eigen::MatrixXd predict_known(const Eigen::MatrixXd& cost, const Eigen::MatrixXd& encoding, const KnownLatencies& known,
                              const Eigen::MatrixXd& choices) {
  const Index count = std::max(cost.rows(), encoding.rows());
  Eigen::MatrixXd features(count, cost.cols() + encoding.cols());
  features << cost, encoding;
  features = standardised(features);
  std::vector<std::vector<Index>> places;
  bool complete = true;
  for (Index d = 0; d < known.latency_ms.cols(); ++d) {
    places.push_back(present(known, d));
    complete = complete && places.back().size() == known.rows.size();
    if (places.back().size() < 10) {
      throw InputError("known device " + std::to_string(d + 1),
                       "expected at least 10 latencies, found " + std::to_string(places.back().size()));
    }
  }
  if (places.empty()) return Eigen::MatrixXd(count, 0);
  Eigen::MatrixXd predicted(count, known.latency_ms.cols());
  // One decomposition serves all devices that were measured on the same architectures.
  if (complete) predicted = features * ridge_weights(rows_of(features, known, places.front()), known.latency_ms);
  for (std::size_t d = 0; d < places.size() && !complete; ++d) {
    const auto device = static_cast<Index>(d);
    const Eigen::VectorXd latency = known.latency_ms.col(device)(places[d]);
    predicted.col(device) = features * ridge_weights(rows_of(features, known, places[d]), latency);
  }
  if (choices.cols() == 0) return predicted;
  const auto better = predict_with_interactions(features, choices, known);
  for (std::size_t d = 0; d < better.size(); ++d) {
    if (better[d]) predicted.col(static_cast<Index>(d)) = *better[d];
  }
  return predicted;
}

}  // namespace oneproxy
