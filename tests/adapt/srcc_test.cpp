#include "oneproxy/adapt/srcc.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "adapt/published_data.hpp"
#include "adapt/rank_products.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// Tables of a few panels and blocks, with ties in every second column, constant columns and, where asked, gaps.
Eigen::MatrixXd random_table(Rng& rng, Index rows, Index columns, bool gaps) {
  Eigen::MatrixXd table(rows, columns);
  for (Index d = 0; d < columns; ++d) {
    const bool ties = rng.below(2) == 0;
    for (double& value : table.col(d)) value = ties ? static_cast<double>(rng.below(12)) : std::exp(rng.normal());
    if (rng.below(8) == 0) table.col(d).setConstant(0.3);
    if (!gaps || rng.below(3) != 0) continue;
    for (int i = 0; i < 4; ++i) table(static_cast<Index>(rng.below(static_cast<std::uint64_t>(rows))), d) = missing;
  }
  return table;
}

/// The plain twin: one pair after the other, on the rows that both have.
double plain(const Eigen::MatrixXd& a, Index i, const Eigen::MatrixXd& b, Index j) {
  std::vector<double> present_a;
  std::vector<double> present_b;
  for (Index row = 0; row < a.rows(); ++row) {
    if (std::isnan(a(row, i)) || std::isnan(b(row, j))) continue;
    present_a.push_back(a(row, i));
    present_b.push_back(b(row, j));
  }
  return srcc(present_a, present_b);
}

bool same_bits(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

void expect_near(double found, double expected) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(found));
  } else {
    EXPECT_NEAR(found, expected, 1e-13);  // the twin's sums are rounded
  }
}

TEST(SrccMatrix, AgreesWithPairsOnAnyNumberOfThreads) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const auto rows = static_cast<Index>(5 + rng.below(seed % 5 == 0 ? 700 : 60));
    const auto columns = static_cast<Index>(1 + rng.below(60));
    const Eigen::MatrixXd table = random_table(rng, rows, columns, seed % 2 == 0);
    const Eigen::MatrixXd other = random_table(rng, rows, static_cast<Index>(1 + rng.below(60)), seed % 4 == 0);
    const Eigen::MatrixXd matrix = srcc_matrix(table);
    const Eigen::MatrixXd between = srcc_between(table, other);
    for (Index i = 0; i < columns; ++i) {
      for (Index j = 0; j < columns; ++j) {
        expect_near(matrix(i, j), plain(table, i, table, j));
        EXPECT_TRUE(matrix(i, j) == matrix(j, i) || std::isnan(matrix(i, j)));
      }
      for (Index j = 0; j < other.cols(); ++j) expect_near(between(i, j), plain(table, i, other, j));
    }
    for (const int threads : {2, 5}) {
      EXPECT_TRUE(same_bits(srcc_matrix(table, threads), matrix));
      EXPECT_TRUE(same_bits(srcc_between(table, other, threads), between));
    }
  }
}

TEST(SrccMatrix, IsOneForTheSameRankingAndMinusOneForTheReverse) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Eigen::MatrixXd table(static_cast<Index>(2 + rng.below(2000)), 3);
    for (double& value : table.col(0)) value = rng.normal();
    table.col(1) = table.col(0).array().exp();
    table.col(2) = -table.col(0);
    const Eigen::MatrixXd matrix = srcc_matrix(table);
    EXPECT_EQ(matrix(0, 0), 1);
    EXPECT_EQ(matrix(0, 1), 1);
    EXPECT_EQ(matrix(0, 2), -1);
  }
}

/// Sums of whole numbers: every kernel gives the very same, which is the plain one.
TEST(RankProducts, AreExactWithEveryInstructionSet) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const auto rows = static_cast<Index>(2 + rng.below(500));
    const Eigen::MatrixXd a = random_table(rng, rows, static_cast<Index>(1 + rng.below(60)), false);
    const Eigen::MatrixXd b = random_table(rng, rows, static_cast<Index>(1 + rng.below(60)), false);
    const RankPanels panels_a(a, 1);
    const RankPanels panels_b(b, 1);
    const auto whole_ranks = [](const Eigen::MatrixXd& table, Index column) {
      std::vector<std::int64_t> result;
      for (const double rank : ranks({table.col(column).data(), static_cast<std::size_t>(table.rows())})) {
        result.push_back(std::llround(2 * rank) - table.rows() - 1);
      }
      return result;
    };
    for (const Simd simd : all_simd) {
      if (!has_simd(simd)) continue;
      SCOPED_TRACE("instructions " + std::to_string(static_cast<int>(simd)));
      const RankProducts between = rank_products(panels_a, panels_b, 1, simd);
      const RankProducts symmetric = rank_products(panels_a, panels_a, 1, simd);
      for (Index i = 0; i < a.cols(); ++i) {
        const auto rank_i = whole_ranks(a, i);
        const auto sum_with = [&](const Eigen::MatrixXd& table, Index j) {
          const auto rank_j = whole_ranks(table, j);
          return static_cast<double>(std::inner_product(rank_i.begin(), rank_i.end(), rank_j.begin(), std::int64_t{0}));
        };
        EXPECT_EQ(panels_a.square(static_cast<std::size_t>(i)), sum_with(a, i));
        for (Index j = 0; j < b.cols(); ++j) {
          EXPECT_EQ(between.at(static_cast<std::size_t>(j), static_cast<std::size_t>(i)), sum_with(b, j));
        }
        for (Index j = i; j < a.cols(); ++j) {
          EXPECT_EQ(symmetric.at(static_cast<std::size_t>(j), static_cast<std::size_t>(i)), sum_with(a, j));
        }
      }
    }
  }
}

// Figure 31 of the paper, on the table behind it.
TEST(Published, SrccOfVpuAndGtx) {
  if (!std::filesystem::exists(published::nasbench201_file())) GTEST_SKIP() << "no " << published::nasbench201_file();
  const published::LatencyTable table = published::nasbench201();
  ASSERT_EQ(table.architectures.size(), 1999u);
  EXPECT_NEAR(srcc(table.column("true_vpu"), table.column("eagle_gtx")), 0.6905, 5e-5);
}

}  // namespace
}  // namespace oneproxy
