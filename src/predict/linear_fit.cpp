#include <Eigen/Cholesky>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/predict/linear.hpp"
#include "oneproxy/predict/ridge.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

Eigen::MatrixXd rows(const Eigen::MatrixXd& x, std::span<const std::size_t> chosen) {
  Eigen::MatrixXd result(static_cast<Index>(chosen.size()), x.cols());
  for (std::size_t i = 0; i < chosen.size(); ++i)
    result.row(static_cast<Index>(i)) = x.row(static_cast<Index>(chosen[i]));
  return result;
}

/// 1 for the features of blocks that every architecture has, 0 for those of blocks that may be absent; empty where it
/// is all the one or the other. Of all d with d^T x = 1 for every x, the smallest is the same in every ever-present
/// block and 0 elsewhere.
Eigen::VectorXd ever_present(const SearchSpace& space) {
  const auto count = static_cast<Index>(space.feature_count()) - 1;
  if (count == 0) return {};
  std::vector<Architecture> some;
  Rng rng(1);
  for (Index i = 0; i < 5 * count; ++i) some.push_back(space.sample(rng));
  const Eigen::MatrixXd x = space.encode(some).leftCols(count).cast<double>();
  Eigen::MatrixXd gram = x.transpose() * x;
  gram.diagonal().array() += 1e-6;
  const Eigen::VectorXd d = gram.ldlt().solve(x.colwise().sum().transpose());
  if (((x * d).array() - 1).abs().maxCoeff() > 1e-3) return {};
  const Eigen::VectorXd present = (d.array() > 0.5 * d.maxCoeff()).cast<double>();
  return present.sum() < static_cast<double>(count) ? present : Eigen::VectorXd();
}

/// Moves the constant's share of the ever-present blocks into them (the header of fit_linear() says why), which changes
/// no prediction.
void settle_constant(const SearchSpace& space, Eigen::VectorXd& weights, double& constant) {
  const Eigen::VectorXd present = ever_present(space);
  if (present.size() == 0) return;
  const Eigen::VectorXd optional = 1 - present.array();
  const double share = weights.dot(optional) / optional.sum();
  const FeatureMatrix one = space.encode(std::vector{space.canonical(Architecture(space.decisions().size()))});
  weights += share * present;
  constant -= share * one.row(0).head(present.size()).cast<double>().dot(present);
}

}  // namespace

LinearPredictor fit_linear(SpacePtr space, std::span<const Architecture> xs, std::span<const double> latency_ms,
                           const LinearFitOptions& options) {
  assert(xs.size() == latency_ms.size());
  constexpr std::size_t fewest = 10;
  if (xs.size() < fewest) {
    throw InputError("fitting a linear predictor", "expected at least " + std::to_string(fewest) +
                                                       " measured architectures, found " + std::to_string(xs.size()));
  }
  const Eigen::MatrixXd x = space->encode(xs).leftCols(static_cast<Index>(space->feature_count()) - 1).cast<double>();
  const Eigen::VectorXd y = Eigen::Map<const Eigen::VectorXd>(latency_ms.data(), x.rows());

  std::vector<std::size_t> order(xs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng rng(options.seed);
  rng.shuffle<std::size_t>(order);
  const auto held_out_count = static_cast<std::size_t>(std::clamp(
      std::round(options.held_out_share * static_cast<double>(xs.size())), 2.0, static_cast<double>(xs.size() - 2)));
  const std::span<const std::size_t> held_out = std::span(order).first(held_out_count);
  const std::span<const std::size_t> kept = std::span(order).subspan(held_out_count);
  const RidgeFit without = fit_ridge(rows(x, kept), rows(y, kept));
  const Eigen::VectorXd predicted = (rows(x, held_out) * without.weights).array() + without.intercept;
  const Eigen::VectorXd measured = rows(y, held_out);

  RidgeFit fit = fit_ridge(x, y);
  settle_constant(*space, fit.weights, fit.intercept);
  Eigen::VectorXd weights(x.cols() + 1);
  weights << fit.weights, fit.intercept;
  const std::span<const double> a(predicted.data(), held_out_count);
  const std::span<const double> b(measured.data(), held_out_count);
  LinearTraining training{.device = options.device,
                          .sample_count = xs.size(),
                          .held_out_srcc = srcc(a, b),
                          .held_out_rmse_ms = rmse(a, b),
                          .ridge = fit.ridge};
  return LinearPredictor(std::move(space), std::move(weights), std::move(training));
}

}  // namespace oneproxy
