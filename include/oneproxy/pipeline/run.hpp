#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oneproxy/adapt/monotonicity.hpp"
#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/adapt/sampling.hpp"
#include "oneproxy/base/progress.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/pipeline/metric.hpp"
#include "oneproxy/pipeline/result.hpp"
#include "oneproxy/predict/linear.hpp"
#include "oneproxy/search/evolution.hpp"
#include "oneproxy/store/store.hpp"

namespace oneproxy {

/// How the latency predictor that the search uses comes about.
enum class Method {
  adapt,      ///< Algorithm 1: the proxy's predictor where it is monotone to the target, else adapted by Eqn. (3)
  posterior,  ///< beyond the paper: the few-shot posterior of docs/design/few_shot.md, from all proxies given
  proxy,      ///< baseline: the proxy's predictor, whatever its SRCC
  target,     ///< baseline #1: a predictor built for the target itself from many measurements
  scaling,    ///< baseline #2: the proxy's front, depths scaled by up to two blocks
  flops,      ///< baseline: FLOPs in place of latency
};
/// @throws InputError for an unknown name.
Method method_of(std::string_view name);
std::string to_string(Method method);

/// A proxy device by its latency predictor.
struct Proxy {
  std::string name;
  std::shared_ptr<const LinearPredictor> predictor;
};

struct RunOptions {
  Method method = Method::adapt;
  std::size_t sample_count = 50;        ///< the paper's 30-50; of the posterior at most
  std::size_t first_sample_count = 20;  ///< of the posterior, spread over the proxy's latencies; then batches
  std::size_t front_batch_count = 5;    ///< that serve the front best (select_for_front())
  double wanted_front = 0.99;  ///< with this share of its hypervolume expected, or too little gain, it measures no more
  std::size_t max_sample_count = 100;  ///< where the adapted proxy stays below the threshold, batches up to this
  std::size_t batch_count = 25;
  std::size_t target_sample_count = 1000;  ///< of Method::target
  Sampling sampling = Sampling::stratified;
  DecisionRule decision = DecisionRule::interval;
  double threshold = 0.9;  ///< S_th
  AdaptationOptions adaptation;
  EvolutionOptions evolution = whole_front();
  bool exhaustive = false;               ///< search candidate_count random architectures instead of evolving
  std::size_t candidate_count = 10'000;  ///< random architectures that samples are chosen from
  std::size_t front_count = 20;          ///< at most this many networks of the predicted front are measured
  std::size_t repeat_count = 8;          ///< samples measured again for the repeatability
  double accuracy_tolerance = 0.0;       ///< percent; section 5.5's "similar accuracy"
  std::vector<double> limits_ms;
  /// Networks found for a limit meet it with this probability by the posterior; without it, with about one half.
  std::optional<double> confidence;
  /// After which no latency is measured, but of 6 samples and 2 networks of the front; 0: no end. Metrics are measured
  /// on the same networks besides.
  double minutes = 0;
  Protocol protocol;
  std::uint64_t seed = 1;
  /// Of the front beside accuracy and latency; with the posterior alone. Limits are of latency.
  std::vector<Metric> metrics;
  int threads = 1;        ///< of the search
  bool evidence = false;  ///< also gather what a report shows: a second search, and a profile of the front
};

/// Algorithm 1 on a device. Everything measured goes into `store` under `run` as soon as it is measured, and what is
/// there already is not measured again. With several proxies the one with the highest SRCC to the samples is taken
/// (section 5.3.1); samples are stratified by the first.
/// @throws InputError where the device fails or the options do not fit, Stopped where `progress` says so.
RunResult run_algorithm1(const SpacePtr& space, Device& target, const std::vector<Proxy>& proxies,
                         const Predictor& accuracy, const RunOptions& options, Store& store, std::int64_t run,
                         const ProgressCallback& progress);

}  // namespace oneproxy
