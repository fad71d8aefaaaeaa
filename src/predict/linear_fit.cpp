#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/predict/linear.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

struct RidgeFit {
  Eigen::VectorXd weights;  // the constant's last
  double ridge = 0;
};

// `x` without the constant column. Leave-one-out residuals are e_i / (1 - h_i), with the diagonal h of the hat matrix
// from one eigendecomposition for all strengths.
RidgeFit fit_ridge(const Eigen::MatrixXd& x, const Eigen::VectorXd& y) {
  const double count = static_cast<double>(y.size());
  const Eigen::RowVectorXd mean = x.colwise().mean();
  const Eigen::MatrixXd centred = x.rowwise() - mean;
  const Eigen::VectorXd centred_y = y.array() - y.mean();

  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(centred.transpose() * centred);
  const Eigen::ArrayXd d2 = eigen.eigenvalues().array().max(0.0);
  const Eigen::MatrixXd scores = centred * eigen.eigenvectors();  // U D
  const Eigen::VectorXd projected = scores.transpose() * centred_y;
  const Eigen::MatrixXd squared_scores = scores.array().square();

  // One-hot columns have variances near 1/10: from next to no shrinking to far more than any fit wants.
  constexpr int strength_count = 41;
  RidgeFit best;
  double best_error = std::numeric_limits<double>::infinity();
  Eigen::VectorXd best_coordinates = Eigen::VectorXd::Zero(d2.size());
  for (int i = 0; i < strength_count; ++i) {
    const double ridge = count * std::pow(10.0, -8 + 10.0 * i / (strength_count - 1));
    const Eigen::VectorXd coordinates = projected.array() / (d2 + ridge);
    const Eigen::VectorXd leverage = (squared_scores * (1 / (d2 + ridge)).matrix()).array() + 1 / count;
    const Eigen::ArrayXd residual = (centred_y - scores * coordinates).array();
    const double error = (residual / (1 - leverage.array()).max(1e-9)).square().mean();
    if (error < best_error) {
      best_error = error;
      best.ridge = ridge;
      best_coordinates = coordinates;
    }
  }
  const Eigen::VectorXd weights = eigen.eigenvectors() * best_coordinates;
  best.weights.resize(weights.size() + 1);
  best.weights << weights, y.mean() - mean.dot(weights);
  return best;
}

Eigen::MatrixXd rows(const Eigen::MatrixXd& x, std::span<const std::size_t> chosen) {
  Eigen::MatrixXd result(static_cast<Index>(chosen.size()), x.cols());
  for (std::size_t i = 0; i < chosen.size(); ++i)
    result.row(static_cast<Index>(i)) = x.row(static_cast<Index>(chosen[i]));
  return result;
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
  const Eigen::VectorXd predicted =
      (rows(x, held_out) * without.weights.head(x.cols())).array() + without.weights(x.cols());
  const Eigen::VectorXd measured = rows(y, held_out);

  const RidgeFit fit = fit_ridge(x, y);
  const std::span<const double> a(predicted.data(), held_out_count);
  const std::span<const double> b(measured.data(), held_out_count);
  LinearTraining training{.device = options.device,
                          .sample_count = xs.size(),
                          .held_out_srcc = srcc(a, b),
                          .held_out_rmse_ms = rmse(a, b),
                          .ridge = fit.ridge};
  return LinearPredictor(std::move(space), fit.weights, std::move(training));
}

}  // namespace oneproxy
