#include "interactions.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

namespace oneproxy {

using Eigen::Index;

namespace {

constexpr std::size_t most_rows = 1000;  // the decomposition of the kernel takes seconds beyond
constexpr double clearly = 0.97;         // of the error without interactions, docs/results/few_shot.md

struct Fit {
  double error = std::numeric_limits<double>::infinity();  // mean square, each architecture left out
  double interactions = 0;
  Eigen::VectorXd weights;  // of the architectures' kernels
};

// The better of `fit` and the best strength of the noise for this kernel, for each device.
void improve(std::vector<Fit>& fits, const Eigen::MatrixXd& kernel, double interactions, const Eigen::MatrixXd& y) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(kernel);
  const Eigen::ArrayXd values = eigen.eigenvalues().array().max(0.0);
  const Eigen::MatrixXd projected = eigen.eigenvectors().transpose() * y;
  const Eigen::MatrixXd squared = eigen.eigenvectors().array().square();
  for (int quarter = -16; quarter <= 2; ++quarter) {  // noise variances 10^-4 to 3
    const Eigen::VectorXd inverse = 1 / (values + std::pow(10.0, quarter / 4.0));
    const Eigen::MatrixXd weights = eigen.eigenvectors() * (inverse.asDiagonal() * projected);
    const Eigen::ArrayXd own = squared * inverse;
    for (Index d = 0; d < y.cols(); ++d) {
      Fit& fit = fits[static_cast<std::size_t>(d)];
      const double error = (weights.col(d).array() / own).square().mean();
      if (error < fit.error) fit = {error, interactions, weights.col(d)};
    }
  }
}

}  // namespace

std::vector<std::optional<Eigen::VectorXd>> predict_with_interactions(const Eigen::MatrixXd& features,
                                                                      const Eigen::MatrixXd& choices,
                                                                      const KnownLatencies& known) {
  std::vector<std::optional<Eigen::VectorXd>> result(static_cast<std::size_t>(known.latency_ms.cols()));
  std::vector<Index> rows;
  std::vector<Index> places;
  for (Index i = 0; i < known.latency_ms.rows() && rows.size() < most_rows; ++i) {
    if (!known.latency_ms.row(i).allFinite()) continue;
    places.push_back(i);
    rows.push_back(static_cast<Index>(known.rows[static_cast<std::size_t>(i)]));
  }
  if (result.empty() || features.cols() == 0 || rows.size() < 100 ||
      2 * rows.size() < std::min(known.rows.size(), most_rows)) {
    return result;
  }
  Eigen::MatrixXd y = known.latency_ms(places, Eigen::all);
  const Eigen::RowVectorXd mean = y.colwise().mean();
  y.rowwise() -= mean;
  const Eigen::RowVectorXd deviation = y.array().square().colwise().mean().sqrt().max(1e-12 * mean.array().abs());
  y.array().rowwise() /= deviation.array().max(1e-300);

  const Eigen::MatrixXd seen = features(rows, Eigen::all);
  const Eigen::MatrixXd seen_choices = choices(rows, Eigen::all);
  const double choice_count = choices.rowwise().sum().maxCoeff();
  const auto together = [&](Index from, Index count) -> Eigen::MatrixXd {
    return (choices.middleRows(from, count) * seen_choices.transpose() / choice_count).array().cube();
  };
  const Eigen::MatrixXd plain = seen * seen.transpose() / static_cast<double>(features.cols());
  const Eigen::MatrixXd cubes = (seen_choices * seen_choices.transpose() / choice_count).array().cube();
  std::vector<Fit> without(result.size());
  std::vector<Fit> with(result.size());
  improve(without, plain, 0, y);
  for (const double interactions : {0.1, 0.3}) improve(with, plain + interactions * cubes, interactions, y);
  for (std::size_t d = 0; d < result.size(); ++d) {
    if (!(with[d].error < clearly * without[d].error)) continue;
    result[d] = features * (seen.transpose() * with[d].weights / static_cast<double>(features.cols()));
    constexpr Index chunk = 2048;  // all at once would be a large matrix
    for (Index from = 0; from < features.rows(); from += chunk) {
      const Index count = std::min(chunk, features.rows() - from);
      result[d]->segment(from, count) += with[d].interactions * (together(from, count) * with[d].weights);
    }
    const auto device = static_cast<Index>(d);
    result[d] = result[d]->array() * deviation(device) + mean(device);
  }
  return result;
}

}  // namespace oneproxy
