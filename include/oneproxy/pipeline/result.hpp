#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "oneproxy/adapt/monotonicity.hpp"
#include "oneproxy/measure/measurement.hpp"
#include "oneproxy/pipeline/evidence.hpp"
#include "oneproxy/pipeline/metric.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// A sample architecture: what the proxy and the chosen predictor say of it, and what the target took.
struct Sample {
  double proxy_ms = 0;      ///< the proxy's prediction, in the proxy's milliseconds
  double predicted_ms = 0;  ///< the predictor that the search used, in the target's milliseconds
  Measurement measured;
};

/// A network that the search proposed and the target measured.
struct FrontNetwork {
  double predicted_accuracy = 0;     ///< percent
  std::optional<double> accuracy;    ///< percent, true, with the weights of a supernet
  double predicted_latency_ms = 0;   ///< in the target's milliseconds
  std::optional<Interval> interval;  ///< of the latency, before it was measured; of the posterior
  Measurement measured;
  std::vector<MetricValue> metrics;  ///< of RunResult::metrics
  std::string onnx;                  ///< file name inside the run's folder
};

/// What the posterior said of the first network found for a limit, and what the target took.
struct Promise {
  double probability = 0;  ///< that it meets the limit
  double measured_ms = 0;  ///< median
};

/// What was found for one latency limit of the user.
struct LimitAnswer {
  double limit_ms = 0;
  /// Index in RunResult::front of the most accurate network that meets it as measured.
  std::optional<std::size_t> network;
  std::optional<Promise> promise;  ///< of the posterior
  /// Where none does: why, in words.
  std::string why_not;
};

/// All that a run found. A value; report/ writes it.
struct RunResult {
  SpacePtr space;
  std::string proxy;   ///< name
  std::string target;  ///< device description
  std::string method;
  std::vector<std::string> metrics;  ///< names of those beside latency
  std::uint64_t seed = 0;
  std::vector<Sample> samples;
  SrccEstimate before;                   ///< of proxy and target
  std::optional<SrccEstimate> after;     ///< of adapted proxy and target, cross-validated
  std::string decision;                  ///< "monotone", "not_monotone" or "unknown"
  std::string why;                       ///< a sentence
  std::optional<double> expected_front;  ///< share of the front's hypervolume that the posterior expects to find
  std::optional<double> lambda;          ///< infinite: the proxy itself
  std::optional<double> repeatability_srcc;
  std::vector<FrontNetwork> front;    ///< ascending latency; none dominates another as measured
  std::vector<FrontNetwork> removed;  ///< proposed, measured and dominated
  std::vector<LimitAnswer> limits;
  std::vector<std::pair<std::string, double>> seconds;  ///< of each step, in order
  MachineFacts facts;
  std::optional<Evidence> evidence;  ///< where RunOptions::evidence asked for it
};

}  // namespace oneproxy
