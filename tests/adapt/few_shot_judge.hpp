#pragma once

// Judges few-shot prediction on a published table: latencies of some architectures on known devices are seen, a few on
// the target; the SRCC is that with all latencies of the target that were not seen.

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "adapt/published_data.hpp"
#include "oneproxy/adapt/few_shot_prior.hpp"
#include "oneproxy/adapt/posterior.hpp"
#include "oneproxy/adapt/select.hpp"
#include "oneproxy/base/rng.hpp"
#include "oneproxy/base/srcc.hpp"

namespace oneproxy::few_shot {

inline std::filesystem::path help_nasbench201_file() {
  return published::folder() / "nasbench201" / "help_latency_ms.csv";
}

/// Missing latencies are NaN.
inline published::LatencyTable read(const std::string& space_description, const std::filesystem::path& file,
                                    std::size_t key_fields) {
  const SpacePtr space = make_space(space_description);
  return published::read_table(file, space, key_fields, [&](const std::vector<std::string>& row) {
    std::string text = row[0];
    for (std::size_t i = 1; i < key_fields; ++i) text += "." + row[i];
    return space->parse(text);
  });
}

struct Case {
  published::LatencyTable table;
  std::vector<std::string> sources;
  std::vector<std::string> targets;
  FewShotPrior prior = {};
};

/// The prior from `per_source` latencies of each source.
inline void prepare(Case& c, std::size_t per_source, std::uint64_t seed, const FewShotPriorOptions& options = {}) {
  Rng rng(seed);
  std::vector<std::size_t> order(c.table.architectures.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  rng.shuffle<std::size_t>(order);
  KnownLatencies known;
  known.rows.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(std::min(per_source, order.size())));
  known.latency_ms.resize(std::ssize(known.rows), std::ssize(c.sources));
  for (std::size_t d = 0; d < c.sources.size(); ++d) {
    const std::vector<double> latency = c.table.column(c.sources[d]);
    for (std::size_t i = 0; i < known.rows.size(); ++i) {
      known.latency_ms(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(d)) = latency[known.rows[i]];
    }
  }
  const Eigen::MatrixXd cost = c.table.space->few_shot_features(c.table.architectures);
  const Eigen::MatrixXd encoding = c.table.space->few_shot_encoding(c.table.architectures);
  c.prior = few_shot_prior(predict_known(cost, encoding, known), cost, encoding, known, options);
}

struct Verdict {
  double srcc = 0;           ///< mean over the repeats
  double expected_srcc = 0;  ///< mean of what the posterior expects of itself
  double coverage = 0;       ///< of the 90% interval, over repeats whose scale is not rank
  std::string scales = {};   ///< one letter for each repeat
};

inline Verdict judge(const Case& c, const std::string& target, std::size_t sample_count, std::size_t repeats,
                     Selection selection, const PosteriorOptions& options = {}) {
  const std::vector<double> latency = c.table.column(target);
  Verdict verdict;
  double intervals = 0;
  for (std::size_t repeat = 0; repeat < repeats; ++repeat) {
    Rng rng(1000 + repeat);
    std::vector<std::size_t> pool(latency.size());
    std::iota(pool.begin(), pool.end(), std::size_t{0});
    rng.shuffle<std::size_t>(pool);
    pool.resize(std::min<std::size_t>(pool.size(), 1500));
    const std::vector<std::size_t> samples = select_first(c.prior, pool, sample_count, selection, rng);
    std::vector<double> seen;
    std::vector<bool> sampled(latency.size(), false);
    for (const std::size_t i : samples) {
      seen.push_back(latency[i]);
      sampled[i] = true;
    }
    const FewShotPosterior posterior(c.prior, samples, seen, options);
    const Eigen::VectorXd median = posterior.predict_median();
    std::vector<double> a;
    std::vector<double> b;
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < latency.size(); ++i) {
      if (sampled[i] || std::isnan(latency[i])) continue;
      rows.push_back(i);
      a.push_back(median(static_cast<Eigen::Index>(i)));
      b.push_back(latency[i]);
    }
    verdict.srcc += srcc(a, b) / static_cast<double>(repeats);
    verdict.expected_srcc += posterior.expected_srcc(rng) / static_cast<double>(repeats);
    verdict.scales += posterior.scale() == LatencyScale::linear      ? 'l'
                      : posterior.scale() == LatencyScale::logarithm ? 'e'
                                                                     : 'r';
    if (posterior.has_outliers()) verdict.scales.back() = static_cast<char>(std::toupper(verdict.scales.back()));
    if (posterior.scale() == LatencyScale::rank) continue;
    const LatencyBelief belief = posterior.predict();
    const Eigen::VectorXd low = belief.measured_quantile(0.05);
    const Eigen::VectorXd high = belief.measured_quantile(0.95);
    double inside = 0;
    for (const std::size_t i : rows) {
      const auto at = static_cast<Eigen::Index>(i);
      inside += low(at) <= latency[i] && latency[i] <= high(at) ? 1 : 0;
    }
    verdict.coverage += inside / static_cast<double>(rows.size());
    intervals += 1;
  }
  verdict.coverage /= intervals;
  return verdict;
}

}  // namespace oneproxy::few_shot
