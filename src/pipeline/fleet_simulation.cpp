#include <algorithm>
#include <cmath>

#include "oneproxy/adapt/srcc.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/pipeline/fleet_samples.hpp"

namespace oneproxy {
namespace {

using Eigen::Index;

// Devices that the median SRCC is fitted on. On 200 of a wide distribution it was 0.03 off for others.
constexpr std::size_t kFittedCount = 500;

/// The base devices on one scale: latencies of the samples have the standard deviation 1.
struct Base {
  Eigen::MatrixXd weights;    // features x devices
  Eigen::VectorXd deviation;  // of each, in ms
  Eigen::VectorXd mean;       // features: of all
};

Base scaled_base(std::span<const Proxy> base, const Eigen::MatrixXd& x) {
  Base result{.weights = Eigen::MatrixXd(x.cols(), std::ssize(base)),
              .deviation = Eigen::VectorXd(std::ssize(base)),
              .mean = {}};
  for (std::size_t b = 0; b < base.size(); ++b) {
    const auto column = static_cast<Index>(b);
    const Eigen::VectorXd& weights = base[b].predictor->weights_ms();
    const Eigen::VectorXd latency = x * weights;
    const double deviation = std::sqrt((latency.array() - latency.mean()).square().mean());
    if (!(deviation > 0)) throw InputError(base[b].name, "predicts the same latency for all samples");
    result.deviation[column] = deviation;
    result.weights.col(column) = weights / deviation;
  }
  result.mean = result.weights.rowwise().mean();
  return result;
}

/// How far a device is from the mean of the base: 0 is that mean, from 1 on it is a device of the base whose operators'
/// costs differ by a factor of about exp(+-distance).
Eigen::VectorXd draw_weights(const Simulation& options, const Base& base, double distance, const Eigen::MatrixXd& x,
                             Rng rng) {
  const auto base_count = static_cast<std::uint64_t>(base.weights.cols());
  const double own_distance = distance * std::exp(options.deviation * rng.normal());
  const double speed = std::exp(0.8 * rng.normal());
  const auto main = static_cast<Index>(rng.below(base_count));
  const double share = std::min(1.0, own_distance);
  const Index constant = base.weights.rows() - 1;
  Eigen::VectorXd weights(base.weights.rows());
  for (Index f = 0; f < weights.size(); ++f) {
    // Every draw is made whatever the distance, so that a device changes smoothly with it.
    const auto other = static_cast<Index>(rng.below(base_count));
    const bool resampled = rng.uniform() < options.resampled;
    const double factor = std::exp(own_distance * rng.normal());
    const double cost = base.weights(f, f != constant && resampled ? other : main);
    weights[f] = (1 - share) * base.mean[f] + share * cost;
    if (f != constant) weights[f] *= factor;
  }
  // Latencies stay positive: the fastest sample takes at least two standard deviations.
  const Eigen::VectorXd latency = x * weights;
  const double deviation = std::sqrt((latency.array() - latency.mean()).square().mean());
  weights[constant] += std::max(0.0, 2 * deviation - latency.minCoeff());
  return weights * (base.deviation[main] * speed);
}

SimulatedDevices draw(const Simulation& options, const Base& base, double distance, const Eigen::MatrixXd& x,
                      std::size_t count) {
  const Rng root(options.seed);
  SimulatedDevices result{.weights_ms = {}, .latency_ms = Eigen::MatrixXd(x.rows(), static_cast<Index>(count))};
  for (std::size_t d = 0; d < count; ++d) {
    const Rng rng = root.stream(d);
    result.weights_ms.push_back(draw_weights(options, base, distance, x, rng.stream(0)));
    Rng noise = rng.stream(1);
    auto column = result.latency_ms.col(static_cast<Index>(d));
    column = x * result.weights_ms.back();
    for (double& latency : column) latency *= std::max(0.5, 1 + options.noise * noise.normal());
  }
  return result;
}

double median_srcc(const Eigen::MatrixXd& latency_ms) {
  const Eigen::MatrixXd srcc = srcc_matrix(latency_ms);
  std::vector<double> pairs;
  for (Index i = 0; i < srcc.rows(); ++i) {
    for (Index j = 0; j < i; ++j) pairs.push_back(srcc(i, j));
  }
  const auto middle = pairs.begin() + std::ssize(pairs) / 2;
  std::ranges::nth_element(pairs, middle);
  return *middle;
}

}  // namespace

SimulatedDevices simulate_devices(const Simulation& options, std::span<const Proxy> base,
                                  std::span<const Architecture> architectures) {
  const Eigen::MatrixXd x = base.front().predictor->space()->encode(architectures).cast<double>();
  const Base scaled = scaled_base(base, x);
  const std::size_t fitted = std::clamp<std::size_t>(options.count, 2, kFittedCount);
  const auto median_at = [&](double distance) {
    return median_srcc(draw(options, scaled, distance, x, fitted).latency_ms);
  };
  double near = 0;
  double far = 8;
  if (median_at(near) < options.median_srcc || median_at(far) > options.median_srcc) {
    throw InputError("simulate, median_srcc",
                     "simulated devices cannot agree that much or that little; expected a value between " +
                         std::to_string(median_at(far)) + " and " + std::to_string(median_at(near)));
  }
  for (int step = 0; step < 25; ++step) {
    const double middle = (near + far) / 2;
    (median_at(middle) >= options.median_srcc ? near : far) = middle;
  }
  return draw(options, scaled, near, x, options.count);
}

}  // namespace oneproxy
