#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/pipeline/evaluate.hpp"
#include "oneproxy/predict/linear.hpp"
#include "oneproxy/space/arch_table.hpp"

namespace oneproxy {

/// How the samples of one target are used.
struct ProxyStudyTarget {
  std::string column;
  std::size_t training_count = 30;
  std::size_t validation_count = 20;  ///< more, on which lambda is chosen
  bool negative_is_latency = false;   ///< else a value that is not positive is missing
};

/// What one random choice of samples led to.
struct ProxyStudyDraw {
  std::vector<std::size_t> samples;  ///< rows of the table
  Eigen::VectorXd adapted;           ///< latencies of all rows by Eqn. (3)
  Eigen::VectorXd posterior;         ///< medians (or ranks) of all rows by the few-shot posterior
};

/// SRCC over the architectures that were not sampled.
struct ProxyStudyScore {
  double before = 0;  ///< of the latencies recorded for proxy and target, over all architectures
  double adapted = 0;
  double adapted_deviation = 0;
  double posterior = 0;
};

/// The paper's experiment on recorded latencies: one device is the proxy, its linear predictor (fitted to all that is
/// recorded of it) is adapted by Eqn. (3) to `training_count` random samples of a target, and lambda is the one that
/// ranks `validation_count` other samples best. Beside it the few-shot posterior with the same samples and proxy.
/// Immutable; safe from any thread.
class ProxyStudy {
 public:
  /// @throws InputError for an unknown column or a proxy with too few latencies.
  ProxyStudy(SpacePtr space, ArchTable table, const std::string& proxy, std::uint64_t seed);
  ProxyStudy(const ProxyStudy&) = delete;
  ProxyStudy& operator=(const ProxyStudy&) = delete;

  const ArchTable& table() const { return table_; }
  const LinearPredictor& proxy() const { return proxy_; }
  /// The proxy's predictions of all rows.
  const std::vector<double>& proxy_ms() const { return proxy_ms_; }
  /// Rows that have a value of the target.
  std::vector<std::size_t> rows_of(const ProxyStudyTarget& target) const;

  /// The adapted proxy of that draw, for any architecture.
  LinearPredictor adapted(const ProxyStudyTarget& target, std::uint64_t number) const;
  /// All of the draw of that number, whatever others were made. @throws InputError for fewer rows than samples.
  ProxyStudyDraw draw(const ProxyStudyTarget& target, std::uint64_t number) const;
  ProxyStudyScore score(const ProxyStudyTarget& target, std::size_t draw_count, int threads,
                        const ProgressCallback& progress) const;

 private:
  struct Samples {
    std::vector<std::size_t> rows;
    std::vector<Architecture> architectures;
    std::vector<double> latency_ms;
    std::uint64_t split_seed = 0;
  };
  Samples choose(const ProxyStudyTarget& target, std::uint64_t number) const;
  LinearPredictor adapt_to(const ProxyStudyTarget& target, const Samples& samples) const;

  SpacePtr space_;
  ArchTable table_;
  std::size_t proxy_column_;
  std::uint64_t seed_;
  LinearPredictor proxy_;
  std::vector<double> proxy_ms_;
  FewShotStudy few_shot_;  // refers to table_
};

}  // namespace oneproxy
