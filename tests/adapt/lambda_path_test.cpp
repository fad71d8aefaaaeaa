#include "oneproxy/adapt/lambda_path.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "adapt/reference_solver.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

constexpr AdaptationNorm norms[] = {AdaptationNorm::l1, AdaptationNorm::l2};

// One-hot blocks and the constant, as encodings are; latencies are not what the proxy says.
struct Problem {
  Eigen::MatrixXd x;
  Eigen::VectorXd w;
  Eigen::VectorXd y;
};

Problem random_problem(Rng& rng, Index samples, Index blocks, Index options) {
  const Index features = blocks * options + 1;
  Problem p{Eigen::MatrixXd::Zero(samples, features), Eigen::VectorXd(features), Eigen::VectorXd(samples)};
  for (Index i = 0; i < samples; ++i) {
    for (Index block = 0; block < blocks; ++block) {
      const auto option = static_cast<Index>(rng.below(static_cast<std::uint64_t>(options) + 1));
      if (option < options) p.x(i, block * options + option) = 1;  // else the block is absent
    }
    p.x(i, features - 1) = 1;
  }
  for (double& value : p.w) value = 0.2 + rng.uniform();
  Eigen::VectorXd target = p.w;
  for (double& value : target) value *= 1 + 0.5 * rng.normal();
  p.y = p.x * target;
  for (double& value : p.y) value += 0.05 * rng.normal();
  return p;
}

std::vector<double> grid(const AdaptationProblem& problem) {
  return geometric_lambdas(problem.lambda_max(), 100, 1e-4);
}

// Largest violation of the optimality conditions, as a share of lambda_max.
double violation(const Problem& p, const LambdaSolution& s, AdaptationNorm norm, bool intercept, double lambda_max) {
  const Eigen::VectorXd weights = (s.alpha + s.b.array()) * p.w.array();
  const Eigen::VectorXd residual = (p.x * weights).array() + s.intercept - p.y.array();
  const double scale = 2 / static_cast<double>(p.y.size());
  const Eigen::VectorXd gradient = scale * p.w.cwiseProduct(p.x.transpose() * residual);
  double worst = std::abs(gradient.sum());  // by alpha
  if (intercept) worst = std::max(worst, std::abs(scale * residual.sum()));
  if (norm == AdaptationNorm::l1) {
    for (Index j = 0; j < gradient.size(); ++j) {
      const double sign = s.b(j) > 0 ? 1 : -1;
      worst = std::max(worst, s.b(j) == 0 ? std::abs(gradient(j)) - s.lambda : std::abs(gradient(j) + sign * s.lambda));
    }
  } else if (s.b.norm() == 0) {
    worst = std::max(worst, gradient.norm() - s.lambda);
  } else {
    worst = std::max(worst, (gradient + s.lambda / s.b.norm() * s.b).norm());
  }
  return worst / lambda_max;
}

// Of the predictor L(x): what the solution comes to.
Eigen::VectorXd adapted_weights(const Problem& p, const LambdaSolution& s) {
  Eigen::VectorXd weights = (s.alpha + s.b.array()) * p.w.array();
  weights(weights.size() - 1) += s.intercept;
  return weights;
}

void expect_optimal(const Problem& p) {
  for (const AdaptationNorm norm : norms) {
    for (const bool intercept : {false, true}) {
      SCOPED_TRACE((norm == AdaptationNorm::l1 ? "l1" : "l2") + std::string(intercept ? " with intercept" : ""));
      const AdaptationProblem problem(p.x, p.w, p.y, norm, intercept);
      ASSERT_GT(problem.lambda_max(), 0);
      for (const LambdaSolution& s : problem.solve(grid(problem))) {
        EXPECT_LT(violation(p, s, norm, intercept, problem.lambda_max()), 1e-8) << "lambda " << s.lambda;
      }
    }
  }
}

TEST(LambdaPath, MeetsTheOptimalityConditions) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const auto samples = static_cast<Index>(8 + rng.below(80));
    const auto blocks = static_cast<Index>(2 + rng.below(12));
    expect_optimal(random_problem(rng, samples, blocks, static_cast<Index>(1 + rng.below(6))));
  }
}

// Where mu would be infinite but for rounding, and on the path from there: three samples and two features suffice.
TEST(LambdaPath, MeetsThemFromRoundingBelowLambdaMaxOn) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const auto samples = static_cast<Index>(3 + rng.below(10));
    const auto features = static_cast<Index>(2 + rng.below(11));
    const auto random = [&] { return 0.5 + rng.uniform(); };
    Problem p{Eigen::MatrixXd::NullaryExpr(samples, features, [&] { return static_cast<double>(rng.below(2)); }),
              Eigen::VectorXd::NullaryExpr(features, random), Eigen::VectorXd::NullaryExpr(samples, random)};
    const double scale = std::pow(10.0, static_cast<double>(rng.below(4)));
    p.w.head(features / 2) *= scale;
    for (const AdaptationNorm norm : norms) {
      SCOPED_TRACE(norm == AdaptationNorm::l1 ? "l1" : "l2");
      const AdaptationProblem problem(p.x, p.w, p.y, norm, false);
      const double most = problem.lambda_max();
      if (most == 0) continue;
      std::vector<double> lambdas;
      for (const double below : {1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 0.1, 0.5, 0.9}) lambdas.push_back((1 - below) * most);
      for (const LambdaSolution& s : problem.solve(lambdas)) {
        ASSERT_TRUE(s.b.allFinite() && std::isfinite(s.alpha));
        // Rounding errors of the gradient are in units of the largest feature's.
        EXPECT_LT(violation(p, s, norm, false, most), 1e-10 * scale)
            << "lambda " << s.lambda / most << " of the largest";
      }
    }
  }
}

// Draws for which the norm's supremum, as computed, is less than what the first lambdas ask for.
TEST(LambdaPath, GoesOnWhereRoundingPutsTheFirstLambdasOutOfReach) {
  Rng rng(29'084);
  Problem p{Eigen::MatrixXd::NullaryExpr(4, 4, [&] { return static_cast<double>(rng.below(2)); }),
            Eigen::VectorXd::NullaryExpr(4, [&] { return 0.5 + rng.uniform(); }),
            Eigen::VectorXd::NullaryExpr(4, [&] { return 1 + rng.uniform(); })};
  p.w.head(2) *= 100;
  const AdaptationProblem problem(p.x, p.w, p.y, AdaptationNorm::l2, false);
  std::vector<double> lambdas;
  for (const double below : {1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 0.1})
    lambdas.push_back((1 - below) * problem.lambda_max());
  for (const LambdaSolution& s : problem.solve(lambdas)) {
    EXPECT_LT(violation(p, s, AdaptationNorm::l2, false, problem.lambda_max()), 1e-8) << "lambda " << s.lambda;
  }
}

TEST(LambdaPath, MeetsThemAtThePapersSize) {
  Rng rng(1);
  expect_optimal(random_problem(rng, 60, 21, 9));
  expect_optimal(random_problem(rng, 400, 21, 9));
}

TEST(LambdaPath, MeetsThemWithDuplicateAndDeadFeatures) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Problem p = random_problem(rng, 25, 6, 3);
    p.x.col(4) = p.x.col(1);  // the same samples, another weight
    p.x.col(8) = p.x.col(2);  // the same altogether
    p.w(8) = p.w(2);
    p.x.col(9) = p.x.col(6) + p.x.col(7);  // collinear
    p.w(5) = 0;
    p.x.col(10).setZero();
    p.x.row(3) = p.x.row(7);
    expect_optimal(p);
  }
}

TEST(LambdaPath, MeetsThemWithWeightsOfBothSignsThatSumToZero) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Problem p = random_problem(rng, 40, 8, 4);
    for (Index block = 0; block < 8; ++block) p.w.segment(block * 4, 4).array() -= p.w.segment(block * 4, 4).mean();
    expect_optimal(p);
  }
}

TEST(LambdaPath, AgreesWithAnIndependentSolver) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Problem p = random_problem(rng, static_cast<Index>(30 + rng.below(20)), 4, 3);
    for (const AdaptationNorm norm : norms) {
      for (const bool intercept : {false, true}) {
        const AdaptationProblem problem(p.x, p.w, p.y, norm, intercept);
        const double lambdas[] = {0.5 * problem.lambda_max(), 0.1 * problem.lambda_max(), 0.01 * problem.lambda_max()};
        for (const LambdaSolution& s : problem.solve(lambdas)) {
          SCOPED_TRACE((norm == AdaptationNorm::l1 ? "l1, lambda " : "l2, lambda ") + std::to_string(s.lambda));
          const LambdaSolution reference = reference_solution(p.x, p.w, p.y, norm, intercept, s.lambda);
          EXPECT_LT((adapted_weights(p, s) - adapted_weights(p, reference)).cwiseAbs().maxCoeff(), 1e-6);
          EXPECT_NEAR(s.b.lpNorm<1>(), reference.b.lpNorm<1>(), 1e-6);
          // With as many b above zero as below and none at zero, the 1-norm does not see a shift between alpha and b.
          if (norm == AdaptationNorm::l2) {
            EXPECT_NEAR(s.alpha, reference.alpha, 1e-6);
          }
        }
      }
    }
  }
}

TEST(LambdaPath, KeepsTheProxyFromLambdaMaxUpwards) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Problem p = random_problem(rng, 20, 5, 3);
    for (const AdaptationNorm norm : norms) {
      const AdaptationProblem problem(p.x, p.w, p.y, norm, false);
      const double lambdas[] = {std::numeric_limits<double>::infinity(), 2 * problem.lambda_max(), problem.lambda_max(),
                                0.999 * problem.lambda_max()};
      const std::vector<LambdaSolution> solutions = problem.solve(lambdas);
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(solutions[i].b.norm(), 0);
        EXPECT_GT(solutions[i].alpha, 0);
      }
      EXPECT_GT(solutions[3].b.norm(), 0);
    }
  }
}

TEST(LambdaPath, DeadFeaturesStayAtZero) {
  Rng rng(5);
  Problem p = random_problem(rng, 20, 5, 3);
  p.w(2) = 0;
  p.x.col(7).setZero();
  for (const AdaptationNorm norm : norms) {
    const AdaptationProblem problem(p.x, p.w, p.y, norm, false);
    for (const LambdaSolution& s : problem.solve(grid(problem))) {
      EXPECT_EQ(s.b(2), 0);
      EXPECT_EQ(s.b(7), 0);
    }
  }
}

// y in other units scales alpha, b and lambda's unit; w in other units scales alpha and b back.
TEST(LambdaPath, DoesNotDependOnUnits) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const Problem p = random_problem(rng, 30, 5, 3);
    for (const AdaptationNorm norm : norms) {
      const AdaptationProblem plain(p.x, p.w, p.y, norm, true);
      const AdaptationProblem scaled(p.x, 1000 * p.w, 0.01 * p.y, norm, true);
      EXPECT_NEAR(scaled.lambda_max() / plain.lambda_max(), 10, 1e-9);  // (w y) has 1000 * 0.01 times the unit
      const std::vector<LambdaSolution> a = plain.solve(grid(plain));
      const std::vector<LambdaSolution> b = scaled.solve(grid(scaled));
      for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_NEAR(b[i].alpha * 1e5, a[i].alpha, 1e-8);
        EXPECT_LT((b[i].b * 1e5 - a[i].b).cwiseAbs().maxCoeff(), 1e-7);
        EXPECT_NEAR(b[i].intercept * 100, a[i].intercept, 1e-7);
      }
    }
  }
}

TEST(LambdaPath, ExactFitLeavesNothingToAdapt) {
  Rng rng(2);
  Problem p = random_problem(rng, 20, 5, 3);
  p.y = 3 * (p.x * p.w);
  for (const AdaptationNorm norm : norms) {
    const AdaptationProblem problem(p.x, p.w, p.y, norm, false);
    EXPECT_EQ(problem.lambda_max(), 0);
    const double lambdas[] = {1.0, 1e-9};
    for (const LambdaSolution& s : problem.solve(lambdas)) {
      EXPECT_NEAR(s.alpha, 3, 1e-12);
      EXPECT_EQ(s.b.norm(), 0);
    }
  }
}

TEST(LambdaPath, ConstantProxyAndConstantLatenciesAreNoTrouble) {
  Rng rng(3);
  const Problem p = random_problem(rng, 20, 5, 3);
  for (const AdaptationNorm norm : norms) {
    for (const bool intercept : {false, true}) {
      const Eigen::VectorXd constant = Eigen::VectorXd::Constant(20, 4.0);
      Eigen::VectorXd only_constant = Eigen::VectorXd::Zero(p.w.size());
      only_constant(p.w.size() - 1) = 2;
      for (const Eigen::VectorXd& w : {Eigen::VectorXd(p.w), only_constant, Eigen::VectorXd(0 * p.w)}) {
        const AdaptationProblem problem(p.x, w, constant, norm, intercept);
        const double lambdas[] = {1.0, 0.1, 1e-3, 1e-6};
        for (const LambdaSolution& s : problem.solve(lambdas)) {
          EXPECT_TRUE(std::isfinite(s.alpha) && std::isfinite(s.intercept) && s.b.allFinite());
          if (intercept) {
            EXPECT_EQ(s.b.norm(), 0);  // the intercept alone fits
          }
        }
      }
    }
  }
}

TEST(LambdaPath, GeometricGrid) {
  const std::vector<double> lambdas = geometric_lambdas(8, 4, 0.001);
  ASSERT_EQ(lambdas.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(lambdas[i], 8 * std::pow(10.0, -static_cast<double>(i)), 1e-14);
  EXPECT_EQ(geometric_lambdas(8, 1, 0.001), std::vector<double>{8});
}

}  // namespace
}  // namespace oneproxy
