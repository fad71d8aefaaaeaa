#include "oneproxy/adapt/srcc.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "adapt/published_data.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

TEST(SrccMatrix, AgreesWithPairs) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    Eigen::MatrixXd table(20, 5);
    for (double& value : table.reshaped()) value = static_cast<double>(rng.below(12));
    table.col(4).setConstant(0.3);
    const double missing = std::numeric_limits<double>::quiet_NaN();
    for (int i = 0; i < 4; ++i) table(static_cast<Eigen::Index>(rng.below(20)), 3) = missing;
    const Eigen::MatrixXd matrix = srcc_matrix(table);
    for (Eigen::Index i = 0; i < 5; ++i) {
      for (Eigen::Index j = 0; j < 5; ++j) {
        std::vector<double> a;
        std::vector<double> b;
        for (Eigen::Index row = 0; row < 20; ++row) {
          if (std::isnan(table(row, i)) || std::isnan(table(row, j))) continue;
          a.push_back(table(row, i));
          b.push_back(table(row, j));
        }
        const double expected = srcc(a, b);
        if (std::isnan(expected)) {
          EXPECT_TRUE(std::isnan(matrix(i, j)));
        } else {
          EXPECT_NEAR(matrix(i, j), expected, 1e-14);
        }
        EXPECT_TRUE(matrix(i, j) == matrix(j, i) || std::isnan(matrix(i, j)));
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
