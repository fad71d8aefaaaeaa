#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "oneproxy/adapt/select.hpp"
#include "oneproxy/base/progress.hpp"
#include "oneproxy/predict/linear.hpp"
#include "oneproxy/space/arch_table.hpp"

namespace oneproxy {

/// How the latencies of a target are predicted from a few measurements there.
enum class FewShotMethod {
  posterior,  ///< Bayesian regression on the known devices' predictions, costs and encoding (FewShotPosterior)
  eqn3,       ///< the paper's: of the known devices the one that ranks the samples best, adapted by Eqn. (3), 2-norm
  eqn3_l1,    ///< the same with the 1-norm
  proxy,      ///< that known device's predictor as it is
  ridge,      ///< least squares on the encoding, from the samples alone
};

struct EvaluateOptions {
  std::vector<std::string> sources;  ///< columns of the known devices
  std::vector<std::string> targets;
  std::size_t sample_count = 10;  ///< measurements on the target
  std::size_t per_source = 900;   ///< latencies of each known device that may be seen
  std::size_t repeat_count = 10;  ///< each with samples of its own
  Selection selection = Selection::greedy;
  FewShotMethod method = FewShotMethod::posterior;
  bool negative_is_latency = false;  ///< else a value that is not positive is a network that the device cannot run
  std::uint64_t seed = 1;
};

/// One repetition for one target.
struct FewShotRun {
  std::vector<std::size_t> samples;  ///< rows of the table that were measured, those that could not run among them
  Eigen::VectorXd predicted;         ///< of every row; only the order means something
};

/// What was measured on the target before anything was known of it.
struct FirstSamples {
  std::vector<std::size_t> tried;  ///< rows of the table
  std::vector<std::size_t> rows;   ///< those that could run
  std::vector<double> latency_ms;  ///< of `rows`
};

/// What is known before a target is seen: the architectures, and predictors of the known devices from `per_source`
/// latencies each. Immutable; run() is safe from any thread.
class FewShotStudy {
 public:
  /// Latency of a row on the target; NaN: it cannot run that network. Called for the samples alone.
  using Measure = std::function<double(std::size_t row)>;

  /// `table` must outlive the study. @throws InputError for an unknown column, no known device where the method needs
  /// one, or fewer architectures than samples.
  FewShotStudy(SpacePtr space, const ArchTable& table, const EvaluateOptions& options);

  /// Networks that the target cannot run do not count as samples; others are measured in their place.
  /// @throws InputError where the method needs more samples.
  FewShotRun run(const Measure& measure, std::uint64_t repeat) const;
  /// The first step of it: the choice and the measurements.
  FirstSamples measure_first(const Measure& measure, std::uint64_t repeat) const;

  const FewShotPrior& prior() const { return prior_; }

  /// Of a row of a column of the table, as options.negative_is_latency says.
  double latency_ms(std::size_t row, std::size_t column) const;

 private:
  std::vector<std::size_t> choose(std::size_t count, const std::vector<std::size_t>& pool,
                                  const std::vector<std::size_t>& taken, Rng& rng) const;
  Eigen::VectorXd predict(const std::vector<std::size_t>& samples, const std::vector<double>& latency_ms) const;

  SpacePtr space_;
  const ArchTable& table_;
  EvaluateOptions options_;
  FewShotPrior prior_;
  std::vector<LinearPredictor> proxies_;  // one for each known device; none where the method needs none
  Eigen::MatrixXd by_proxy_;              // architectures x proxies: what they predict
  Eigen::MatrixXd encoding_;
};

struct TargetScore {
  std::string target;
  double mean = 0;  ///< SRCC over all architectures that were not sampled; mean of the repetitions
  double std = 0;   ///< their standard deviation
};

struct Evaluation {
  double mean_srcc = 0;  ///< mean over the targets
  std::vector<TargetScore> targets;
  double seconds = 0;
};

/// Judges a few-shot method on a table of published latencies. A constant prediction counts as SRCC 0.
Evaluation evaluate(const SpacePtr& space, const ArchTable& table, const EvaluateOptions& options,
                    const ProgressCallback& progress = {});

}  // namespace oneproxy
