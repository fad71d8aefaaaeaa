#include "oneproxy/predict/implied_table.hpp"

#include <Eigen/IterativeLinearSolvers>
#include <Eigen/QR>
#include <Eigen/SparseCore>
#include <algorithm>
#include <limits>
#include <map>

#include "oneproxy/base/srcc.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;
using Counts = Eigen::SparseMatrix<double, Eigen::RowMajor>;

/// How often each architecture has each operator, and what an operator costs: layers, FLOPs, bytes.
struct Makeup {
  std::vector<std::string> keys;
  Counts counts;          // architectures x keys
  Eigen::MatrixXd costs;  // keys x 3
};

Makeup makeup_of(std::span<const Architecture> xs, const OperatorSpace& operators, bool by_block) {
  std::map<std::string, Index> number;
  std::vector<Eigen::Triplet<double>> ones;
  std::vector<Eigen::RowVector3d> costs_of;
  Makeup made;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    for (auto& key : operator_keys(*operators.base(), xs[i], operators.grain(), by_block)) {
      const auto [entry, is_new] = number.try_emplace(key, static_cast<Index>(number.size()));
      ones.emplace_back(static_cast<Index>(i), entry->second, 1.0);
      if (!is_new) continue;
      const std::string_view own = std::string_view(key).substr(by_block ? key.find(':') + 1 : 0);
      const auto& all = operators.operators();
      const NetworkCosts each = costs(std::ranges::lower_bound(all, own, {}, &SpaceOperator::key)->network);
      costs_of.emplace_back(each.layers, each.flops, each.bytes);
      made.keys.push_back(std::move(key));
    }
  }
  made.counts.resize(static_cast<Index>(xs.size()), static_cast<Index>(made.keys.size()));
  made.counts.setFromTriplets(ones.begin(), ones.end());
  made.costs.resize(static_cast<Index>(made.keys.size()), 3);
  for (std::size_t k = 0; k < costs_of.size(); ++k) made.costs.row(static_cast<Index>(k)) = costs_of[k];
  return made;
}

/// Milliseconds for each unit of the three costs, none negative, of least squared error: the best of the seven fits
/// that leave some of them out.
Eigen::Vector3d unit_costs_ms(const Eigen::MatrixXd& costs, const Eigen::VectorXd& y) {
  Eigen::Vector3d best = Eigen::Vector3d::Zero();
  double best_error = std::numeric_limits<double>::infinity();
  for (int subset = 1; subset < 8; ++subset) {
    std::vector<Index> columns;
    for (Index c = 0; c < 3; ++c) {
      if ((subset >> c & 1) != 0) columns.push_back(c);
    }
    const Eigen::MatrixXd x = costs(Eigen::all, columns);
    const Eigen::VectorXd scale = x.colwise().norm().cwiseMax(1e-300);
    const Eigen::VectorXd fit =
        (x * scale.cwiseInverse().asDiagonal()).colPivHouseholderQr().solve(y).cwiseQuotient(scale);
    if ((fit.array() < 0).any()) continue;
    const double error = (x * fit - y).squaredNorm();
    if (error >= best_error) continue;
    best_error = error;
    best.setZero();
    for (std::size_t c = 0; c < columns.size(); ++c) best[columns[c]] = fit[static_cast<Index>(c)];
  }
  return best;
}

Eigen::VectorXd predictions(const Predictor& predictor, std::span<const Architecture> xs) {
  if (const auto* linear = dynamic_cast<const LinearPredictor*>(&predictor)) return linear->latency_ms(xs);
  const std::vector<float> values = predictor(xs);
  return Eigen::Map<const Eigen::VectorXf>(values.data(), static_cast<Index>(values.size())).cast<double>();
}

}  // namespace

ImpliedTable implied_table(const Predictor& predictor, const OperatorSpace& operators,
                           const ImpliedTableOptions& options) {
  const std::size_t fitted = std::max<std::size_t>(2'000, 20 * operators.operators().size());
  constexpr std::size_t tried = 1'000;
  Rng rng(options.seed);
  std::vector<Architecture> xs(fitted + tried);
  for (auto& x : xs) x = operators.base()->sample(rng);
  const Eigen::VectorXd y = predictions(predictor, xs);
  const Makeup makeup = makeup_of(xs, operators, options.by_block);
  const auto rows = static_cast<Index>(fitted);
  const Counts fit_counts = makeup.counts.topRows(rows);

  const Eigen::Vector3d unit_ms = unit_costs_ms(fit_counts * makeup.costs, y.head(rows));
  Eigen::VectorXd level = makeup.costs * unit_ms;
  level = level.cwiseMax(1e-6 * std::max(level.maxCoeff(), 1e-12));
  // From zero, conjugate gradients end at the least change, in shares of the level, of least squared error.
  const Counts scaled = fit_counts * level.asDiagonal();
  Eigen::LeastSquaresConjugateGradient<Counts, Eigen::IdentityPreconditioner> solver;
  solver.setTolerance(1e-13);
  solver.setMaxIterations(20 * static_cast<Index>(makeup.keys.size()) + 1'000);
  solver.compute(scaled);
  const Eigen::VectorXd share = solver.solve(y.head(rows) - fit_counts * level);
  const Eigen::VectorXd latency_ms = level.array() * (1 + share.array());

  ImpliedTable table;
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t k = 0; k < makeup.keys.size(); ++k) {
    const double value = latency_ms[static_cast<Index>(k)];
    table.entries.push_back({makeup.keys[k], value, unknown, unknown});
    table.not_positive_count += value > 0 ? 0 : 1;
  }
  std::ranges::sort(table.entries, {}, &OperatorLatency::key);
  const Eigen::VectorXd sums = makeup.counts.bottomRows(tried) * latency_ms;
  const std::span<const double> a(sums.data(), tried);
  const std::span<const double> b(y.data() + rows, tried);
  table.rmse_ms = rmse(a, b);
  table.srcc = srcc(a, b);
  return table;
}

}  // namespace oneproxy
