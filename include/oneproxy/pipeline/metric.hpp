#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "oneproxy/measure/device.hpp"
#include "oneproxy/pipeline/interval.hpp"
#include "oneproxy/predict/predictor.hpp"

namespace oneproxy {

/// What a network is to have little of beside latency, e.g. energy. Exactly one of the two answers for it.
struct Metric {
  std::string name;                           ///< with its unit, e.g. "energy_mj"
  std::shared_ptr<Device> device;             ///< measures it: its milliseconds are the metric's unit
  std::shared_ptr<const Predictor> computed;  ///< knows it without measuring
};

/// One network's value of a metric.
struct MetricValue {
  double predicted = 0;
  std::optional<Interval> interval;  ///< where it is predicted from measurements
  double measured = 0;               ///< or computed
};

/// "NAME=DEVICE", e.g. "energy_mj=table(energy.csv, column=board)", or "memory_mb": what the network needs to run in
/// fp32 (peak_memory_mb()). @throws InputError for anything else.
Metric make_metric(const std::string& text, const SpacePtr& space, const ProgressCallback& progress = {});

}  // namespace oneproxy
