#include "drift_watch.hpp"

#include <algorithm>

#include "median.hpp"
#include "oneproxy/space/network.hpp"

namespace oneproxy {
namespace {

constexpr int uncounted_runs = 3;
constexpr int counted_runs = 10;

/// The layers that every engine knows; about 1 MFLOP.
Network reference_network() {
  NetworkBuilder build({3, 32, 32});
  int x = build.convolution(0, 16, 3, 2, 1, Activation::relu6, "stem");
  x = build.convolution(x, 16, 3, 1, 16, Activation::relu6, "depthwise");
  x = build.convolution(x, 64, 1, 1, 1, Activation::relu6, "pointwise");
  build.fully_connected(build.global_average_pool(x, "pool"), 1000, "classes");
  return std::move(build).finish();
}

}  // namespace

DriftWatch::DriftWatch(Engine& engine) {
  const Network network = reference_network();
  input_.resize(static_cast<std::size_t>(engine.batch() * network.layers.front().out.elements()), 0.5F);
  output_.resize(static_cast<std::size_t>(engine.batch() * network.layers.back().out.elements()));
  try {
    session_ = engine.load(network, random_weights(network, 1));
  } catch (const std::exception&) {
    // An engine that cannot run it still measures; its drift is unknown.
  }
}

void DriftWatch::begin_block() {
  if (!current_.empty()) in_first_ = false;
  current_.clear();
}

void DriftWatch::run_burst() {
  if (!session_) return;
  for (int i = 0; i < uncounted_runs + counted_runs; ++i) {
    const double ms = session_->timed_run_ms(input_, output_);
    if (i >= uncounted_runs) current_.push_back(static_cast<float>(ms));
  }
  std::ranges::sort(current_);
  if (in_first_) first_ = current_;
}

double DriftWatch::median_ms() const { return current_.empty() ? 0 : median_of<float>(current_); }

double DriftWatch::drift() const {
  if (in_first_ || current_.empty()) return 1;
  const auto [first_low, first_high] = median_interval_95(first_);
  const auto [low, high] = median_interval_95(current_);
  const bool overlap = low <= first_high && first_low <= high;
  return overlap ? 1 : median_of<float>(current_) / median_of<float>(first_);
}

}  // namespace oneproxy
