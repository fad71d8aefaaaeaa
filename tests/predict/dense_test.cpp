#include "predict/dense.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

struct Case {
  DenseLayer layer;
  FeatureMatrix x;  // whole tiles of rows, and columns beyond the inputs that nothing may read into the result

  explicit Case(std::uint64_t seed) {
    Rng rng(seed);
    const auto inputs = static_cast<Index>(1 + rng.below(200));
    const auto outputs = static_cast<Index>(1 + rng.below(200));
    const auto random = [&] { return static_cast<float>(rng.normal()); };
    layer = {FeatureMatrix::NullaryExpr(inputs, outputs, random), Eigen::VectorXf::NullaryExpr(outputs, random)};
    const auto rows = static_cast<Index>(PackedDense::row_tile * (1 + rng.below(3)));
    x = FeatureMatrix::NullaryExpr(rows, inputs + static_cast<Index>(rng.below(20)), random);
  }
  FeatureMatrix run(const PackedDense& dense) const {
    FeatureMatrix y(x.rows(), static_cast<Index>(dense.output_stride()));
    dense.run(x.data(), static_cast<std::size_t>(x.cols()), static_cast<std::size_t>(x.rows()), y.data());
    return y;
  }
};

TEST(PackedDense, IsThePlainProductWithEveryInstructionSet) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Case c(seed);
    const Eigen::MatrixXd x = c.x.leftCols(c.layer.weight.rows()).cast<double>();
    const Eigen::MatrixXd weight = c.layer.weight.cast<double>();
    const Eigen::RowVectorXd bias = c.layer.bias.cast<double>().transpose();
    const Eigen::MatrixXd expected = ((x * weight).rowwise() + bias).cwiseMax(0.0);
    // Each addition rounds by at most half a unit in the last place of the sum of magnitudes so far.
    const Eigen::MatrixXd magnitude = (x.cwiseAbs() * weight.cwiseAbs()).rowwise() + bias.cwiseAbs();
    const double rounding = static_cast<double>(2 * x.cols()) * 0x1p-24;
    for (const Simd simd : all_simd) {
      if (!has_simd(simd)) continue;
      SCOPED_TRACE("instructions " + std::to_string(static_cast<int>(simd)));
      const FeatureMatrix y = c.run(PackedDense(c.layer, simd));
      const Eigen::MatrixXd error = (y.leftCols(expected.cols()).cast<double>() - expected).cwiseAbs();
      EXPECT_TRUE((error.array() <= rounding * magnitude.array()).all());
      EXPECT_TRUE(y.rightCols(y.cols() - expected.cols()).isZero(0));
    }
  }
}

TEST(PackedDense, GivesTheSameBitsWithAvx2AndAvx512) {
  if (!has_simd(Simd::avx2) || !has_simd(Simd::avx512)) GTEST_SKIP() << "this processor lacks one of them";
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Case c(seed);
    const Index outputs = c.layer.weight.cols();
    EXPECT_EQ(FeatureMatrix(c.run(PackedDense(c.layer, Simd::avx2)).leftCols(outputs)),
              FeatureMatrix(c.run(PackedDense(c.layer, Simd::avx512)).leftCols(outputs)));
  }
}

}  // namespace
}  // namespace oneproxy
