#include "oneproxy/adapt/monotonicity_study.hpp"

#include <cassert>
#include <cmath>
#include <span>

#include "oneproxy/adapt/monotonicity.hpp"
#include "oneproxy/adapt/srcc.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

struct Tally {
  double count = 0;
  DecisionShares shares;
  double covered = 0;
  double squared_error = 0;

  void add(const SrccEstimate& estimate, double truth, double threshold) {
    count += 1;
    const Monotonicity plain = decide_monotonicity(estimate, DecisionRule::paper, threshold).answer;
    const Monotonicity interval = decide_monotonicity(estimate, DecisionRule::interval, threshold).answer;
    shares.plain_accepts += plain == Monotonicity::monotone ? 1 : 0;
    shares.interval_accepts += interval == Monotonicity::monotone ? 1 : 0;
    shares.interval_unknown += interval == Monotonicity::unknown ? 1 : 0;
    covered += estimate.low <= truth && truth <= estimate.high ? 1 : 0;
    squared_error += (estimate.srcc - truth) * (estimate.srcc - truth);
  }
  DecisionShares means() const {
    return {shares.plain_accepts / count, shares.interval_accepts / count, shares.interval_unknown / count};
  }
};

}  // namespace

std::vector<MonotonicityStudyRow> study_monotonicity(const Eigen::MatrixXd& latency_ms,
                                                     const MonotonicityStudyOptions& options) {
  assert(!latency_ms.hasNaN());
  const Eigen::MatrixXd truth = srcc_matrix(latency_ms);
  const Index devices = latency_ms.cols();
  std::vector<MonotonicityStudyRow> rows;
  for (const std::size_t sample_count : options.sample_counts) {
    for (const Sampling sampling : {Sampling::random, Sampling::stratified}) {
      Tally below;
      Tally above;
      for (Index proxy = 0; proxy < devices; ++proxy) {
        const std::span<const double> proxy_latency(latency_ms.col(proxy).data(), latency_ms.rows());
        for (std::size_t repeat = 0; repeat < options.repeats; ++repeat) {
          Rng rng = Rng(options.seed).stream(static_cast<std::uint64_t>(proxy)).stream(repeat);
          const std::vector<std::size_t> chosen = choose_samples(proxy_latency, sample_count, sampling, {}, rng);
          Eigen::MatrixXd sample(chosen.size(), devices);
          for (std::size_t i = 0; i < chosen.size(); ++i) {
            sample.row(static_cast<Index>(i)) = latency_ms.row(static_cast<Index>(chosen[i]));
          }
          const Eigen::MatrixXd sampled = srcc_between(sample.col(proxy), sample);
          for (Index target = 0; target < devices; ++target) {
            const double r = truth(proxy, target);
            if (target == proxy || !(r >= options.pair_low) || std::isnan(sampled(0, target))) continue;
            (r < options.threshold ? below : above)
                .add(srcc_interval(sampled(0, target), sample_count), r, options.threshold);
          }
        }
      }
      rows.push_back({.sample_count = sample_count,
                      .sampling = sampling,
                      .below = below.means(),
                      .above = above.means(),
                      .coverage = below.covered / below.count,
                      .rms_error = std::sqrt(below.squared_error / below.count)});
    }
  }
  return rows;
}

}  // namespace oneproxy
