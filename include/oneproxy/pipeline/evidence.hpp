#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/adapt/monotonicity.hpp"
#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/measure/layer_profile.hpp"
#include "oneproxy/measure/protocol.hpp"
#include "oneproxy/pipeline/front.hpp"
#include "oneproxy/predict/linear.hpp"
#include "oneproxy/search/candidate.hpp"

namespace oneproxy {

/// A network that a search proposed.
struct Proposal {
  Architecture architecture;
  double accuracy = 0;    ///< predicted, percent
  double latency_ms = 0;  ///< predicted, in the target's milliseconds
};

/// What could have been said of proxy and target from fewer samples.
struct EarlierEstimate {
  SrccEstimate before;                ///< of proxy and target
  std::optional<SrccEstimate> after;  ///< of the adapted proxy and target, cross-validated
};

/// SRCC of devices with each other, over the samples by which rankings are judged.
struct DeviceMatrix {
  std::vector<std::string> names;         ///< the known devices as predicted, the target as measured last
  std::vector<std::vector<double>> srcc;  ///< NaN where one side is constant
};

/// What a report shows beside the result. The method needs none of it.
struct Evidence {
  std::vector<Proposal> predicted;   ///< the front that the search found, ascending latency
  std::vector<Proposal> proxy_only;  ///< what it finds by the proxy's predictor; empty where that is the same
  std::vector<RepeatedMeasurement> repeats;
  DeviceMatrix devices;
  std::vector<EarlierEstimate> estimates;  ///< ascending number of samples
  std::vector<double> flops;               ///< of each sample
  std::vector<double> bytes;               ///< that each sample moves
  std::size_t proxy_networks = 0;          ///< that the proxy's predictor was fitted to; 0: not known
  std::optional<Roof> roof;                ///< of the target
  LayerProfile layers;                     ///< of the networks of the front
};

/// Candidates in the target's milliseconds.
std::vector<Proposal> in_target_ms(const Front& front, const Line& line);

/// The matrix of the known devices and a target. `latency_ms`: measured, one for each of `samples`.
DeviceMatrix device_matrix(std::span<const std::string> names,
                           std::span<const std::shared_ptr<const LinearPredictor>> predictors,
                           std::span<const Architecture> samples, std::span<const double> latency_ms,
                           const std::string& target);

/// The estimates from 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500 and 1000 samples as far as there are so many,
/// and from all of them: the first ones of a random order. `after` (may be empty) is asked for the indices of so many.
std::vector<EarlierEstimate> earlier_estimates(
    std::span<const double> proxy_ms, std::span<const double> latency_ms,
    const std::function<SrccEstimate(std::span<const std::size_t> samples)>& after, std::uint64_t seed);

struct Proxy;
struct RunResult;

/// All but the two searches and the repeats. Rankings are judged by the first samples, as many as `result.before` saw.
/// `proxy`: one of `proxies`; `adaptation`: where the proxy was adapted.
Evidence gather_evidence(const RunResult& result, const Device& target, const Proxy& proxy,
                         const std::vector<Proxy>& proxies, std::span<const Architecture> samples,
                         std::span<const double> latency_ms, const std::optional<AdaptationOptions>& adaptation,
                         std::uint64_t seed);

}  // namespace oneproxy
