#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "oneproxy/base/srcc.hpp"
#include "oneproxy/pipeline/fleet.hpp"
#include "oneproxy/pipeline/front.hpp"
#include "oneproxy/search/exhaustive.hpp"
#include "oneproxy/search/pareto.hpp"

namespace oneproxy {
namespace {

using nlohmann::json;

constexpr std::size_t kJudgeCount = 1000;
constexpr std::uint64_t kJudgeStream = 0x6a756467;

/// Five significant digits, so that a fleet's files stay small; null where there is no value.
json rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return std::strtod(text, nullptr);
}

/// Hypervolumes by the latencies of one device over the whole pool: the reference is the pool's slowest latency and
/// lowest accuracy.
class Judge {
 public:
  Judge(const NetworkPool& pool, std::span<const float> latency_ms) : pool_(pool), latency_ms_(latency_ms) {
    slowest_ms_ = std::ranges::max(latency_ms);
  }
  double hypervolume_of(std::span<const std::size_t> networks) const {
    std::vector<float> latency;
    std::vector<float> accuracy;
    for (const std::size_t network : networks) {
      if (latency_ms_[network] <= 0) continue;  // a simulated device is linear, and no network of the best front is so
      latency.push_back(latency_ms_[network]);
      accuracy.push_back(pool_.accuracy(network));
    }
    return hypervolume(latency, accuracy, slowest_ms_, pool_.accuracy(pool_.size() - 1));
  }

 private:
  const NetworkPool& pool_;
  std::span<const float> latency_ms_;
  double slowest_ms_ = 0;
};

Front as_front(const NetworkPool& pool, std::span<const float> latency_ms, std::span<const std::size_t> networks) {
  Front front;
  for (const std::size_t network : networks) {
    front.push_back({pool.architecture(network), latency_ms[network], pool.accuracy(network)});
  }
  return front;
}

/// The limits of a device: the user's, or evenly over its front.
std::vector<double> limits_of(const FleetOptions& options, const Front& front) {
  if (!options.limits_ms.empty() || front.empty()) return options.limits_ms;
  const double low = front.front().latency_ms;
  const double high = front.back().latency_ms;
  std::vector<double> limits;
  for (std::size_t i = 1; i <= options.limit_count; ++i) {
    limits.push_back(i == options.limit_count
                         ? high
                         : low + (high - low) * static_cast<double>(i) / static_cast<double>(options.limit_count));
  }
  return limits;
}

}  // namespace

FleetRecords::FleetRecords(const FleetProblem& problem, const FleetOptions& options, const NetworkPool& pool,
                           const FleetCover& cover)
    : problem_(problem), options_(options), pool_(pool), cover_(cover) {
  Rng rng = Rng(options.seed).stream(kJudgeStream);
  std::vector<Architecture> judges;
  for (std::size_t i = 0; i < kJudgeCount; ++i) judges.push_back(problem.space->sample(rng));
  problem.space->active_features(judges, judges_);
}

std::string FleetRecords::cluster_front(std::size_t k) const {
  const DeviceModel model = model_device(problem_, options_, cover_.steps[k].proxy);
  const auto front = pool_.front(pool_.latency_ms(model.weights_ms));
  return {reinterpret_cast<const char*>(front.data()), front.size() * sizeof(std::size_t)};
}

void FleetRecords::set_fronts(const std::vector<std::string>& fronts) {
  fronts_.clear();
  for (const auto& bytes : fronts) {
    std::vector<std::size_t> front(bytes.size() / sizeof(std::size_t));
    std::memcpy(front.data(), bytes.data(), bytes.size());
    fronts_.push_back(std::move(front));
  }
}

json FleetRecords::truth(const DeviceModel& model, std::size_t device, std::span<const std::size_t> front) const {
  const Eigen::VectorXd& weights = problem_.samples.devices[device].true_weights_ms;
  const auto srcc_with = [&](const Eigen::VectorXd& others) {
    const auto a = linear_latencies(judges_, weights);
    const auto b = linear_latencies(judges_, others);
    return srcc(std::vector<double>(a.begin(), a.end()), std::vector<double>(b.begin(), b.end()));
  };
  const auto latency = pool_.latency_ms(weights);
  const Judge judge(pool_, latency);
  const double best = judge.hypervolume_of(pool_.front(latency));
  const auto& of_cluster = fronts_[cover_.cluster[device]];
  return {{"srcc_before", rounded(srcc_with(problem_.proxies[model.proxy].predictor->weights_ms()))},
          {"srcc_after", rounded(srcc_with(model.weights_ms))},
          {"front", rounded(judge.hypervolume_of(front) / best)},
          {"cluster_front", rounded(judge.hypervolume_of(of_cluster) / best)}};
}

std::string FleetRecords::record(std::size_t device) const {
  const FleetDevice& d = problem_.samples.devices[device];
  const DeviceModel model = model_device(problem_, options_, device);
  const auto measured = problem_.samples.latencies(device);
  const auto latency = pool_.latency_ms(model.weights_ms);
  const auto networks = pool_.front(latency);
  const Front front = as_front(pool_, latency, networks);
  const Judge judge(pool_, latency);

  json line{{"index", device},
            {"device", d.name},
            {"source", to_string(d.source)},
            {"samples", measured.size()},
            {"mean_ms", rounded(Eigen::Map<const Eigen::VectorXd>(measured.data(), std::ssize(measured)).mean())},
            {"proxy", problem_.proxies[model.proxy].name},
            {"srcc",
             {{"before", rounded(model.before.srcc)},
              {"low", rounded(model.before.low)},
              {"high", rounded(model.before.high)},
              {"after", model.after ? rounded(*model.after) : json(nullptr)}}},
            {"decision", to_string(model.monotone)},
            {"cluster", cover_.cluster[device]},
            {"cluster_srcc", rounded(cover_.cluster_srcc[device])},
            {"cluster_front",
             rounded(judge.hypervolume_of(fronts_[cover_.cluster[device]]) / judge.hypervolume_of(networks))}};
  line["lambda"] = !model.lambda                  ? json(nullptr)
                   : std::isfinite(*model.lambda) ? rounded(*model.lambda)
                                                  : json("infinity");
  if (d.source == FleetSource::simulated) line["truth"] = truth(model, device, networks);
  auto& written = line["front"] = json::array();
  std::size_t next = 0;
  for (const auto& chosen : spread_over_front(front, options_.front_count)) {
    while (front[next].architecture != chosen.architecture) ++next;
    written.push_back({networks[next], rounded(chosen.latency_ms)});
  }
  auto& limits = line["limits"] = json::array();
  for (const double limit_ms : limits_of(options_, front)) {
    const Candidate* best = best_within(front, limit_ms);
    if (best == nullptr) {
      limits.push_back({rounded(limit_ms), nullptr, nullptr});
    } else {
      limits.push_back(
          {rounded(limit_ms), networks[static_cast<std::size_t>(best - front.data())], rounded(best->latency_ms)});
    }
  }
  return line.dump();
}

}  // namespace oneproxy
