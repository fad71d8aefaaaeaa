#include "oneproxy/adapt/monotonicity_study.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "adapt/published_data.hpp"

namespace oneproxy {
namespace {

// The table of docs/results/monotonicity.md.
TEST(Published, MonotonicityStudy) {
  if (!std::filesystem::exists(published::nasbench201_file())) GTEST_SKIP() << "no " << published::nasbench201_file();
  const published::LatencyTable table = published::nasbench201();
  Eigen::MatrixXd complete(table.latency_ms.rows(), 0);
  for (const auto& column : table.latency_ms.colwise()) {
    if (column.hasNaN()) continue;  // rice_edgetpu could not run some networks
    complete.conservativeResize(Eigen::NoChange, complete.cols() + 1);
    complete.rightCols(1) = column;
  }
  const std::vector<MonotonicityStudyRow> rows = study_monotonicity(complete);
  std::printf("%7s %-10s | below: plain interval unknown | above: plain interval unknown | coverage rms error\n",
              "samples", "sampling");
  for (const MonotonicityStudyRow& row : rows) {
    std::printf("%7zu %-10s | %12.3f %8.3f %7.3f | %12.3f %8.3f %7.3f | %8.3f %9.4f\n", row.sample_count,
                row.sampling == Sampling::random ? "random" : "stratified", row.below.plain_accepts,
                row.below.interval_accepts, row.below.interval_unknown, row.above.plain_accepts,
                row.above.interval_accepts, row.above.interval_unknown, row.coverage, row.rms_error);
  }
  for (std::size_t i = 0; i < rows.size(); i += 2) {
    const MonotonicityStudyRow& random = rows[i];
    const MonotonicityStudyRow& stratified = rows[i + 1];
    EXPECT_LT(stratified.rms_error, 0.9 * random.rms_error);
    // The interval rule is wrong at most as often as its interval may be, and far less often than the plain rule.
    EXPECT_LT(random.below.interval_accepts, 0.025);
    EXPECT_LT(random.below.interval_accepts, 0.5 * random.below.plain_accepts);
  }
}

}  // namespace
}  // namespace oneproxy
