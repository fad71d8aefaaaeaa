#pragma once

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <string>

#include "oneproxy/base/error.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/predict/linear.hpp"

namespace oneproxy::test {

inline SpacePtr small_space() {
  return make_space("mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)");
}

/// A predictor whose blocks cost between `low` and `high` each, drawn by the seed.
inline std::shared_ptr<const LinearPredictor> random_costs(const SpacePtr& space, std::uint64_t seed, double low = 0.05,
                                                           double high = 1) {
  Rng rng(seed);
  Eigen::VectorXd weights(static_cast<Eigen::Index>(space->feature_count()));
  for (auto& weight : weights) weight = low + (high - low) * rng.uniform();
  return std::make_shared<LinearPredictor>(space, weights);
}

/// A device that takes as long as a predictor says, times a strictly increasing change; it counts what it measures and
/// fails at the measurement `fails_at`.
class CalculatedDevice final : public Device {
 public:
  CalculatedDevice(std::shared_ptr<const LinearPredictor> costs, std::function<double(double)> change = {})
      : costs_(std::move(costs)), change_(std::move(change)) {}

  const std::string& description() const override { return description_; }
  MachineFacts facts() const override { return {}; }
  void measure(const SearchSpace&, std::span<const Architecture> xs, const Protocol&, const MeasurementSink& sink,
               const ProgressCallback& progress) override {
    for (std::size_t i = 0; i < xs.size(); ++i) {
      if (measured_count == fails_at) throw InputError(description_, "was lost");
      ++measured_count;
      const double ms = costs_->latency_ms(xs.subspan(i, 1))[0];
      Measurement m;
      m.architecture = xs[i];
      m.raw_ms = {static_cast<float>(change_ ? change_(ms) : ms)};
      m.stopped_by = "confidence";
      m.when = "2000-01-01T00:00:00Z";
      summarise(m);
      sink(m);
      report(progress, {"measuring", i + 1, xs.size()});
    }
  }

  std::size_t measured_count = 0;
  std::size_t fails_at = static_cast<std::size_t>(-1);

 private:
  std::string description_ = "calculated";
  std::shared_ptr<const LinearPredictor> costs_;
  std::function<double(double)> change_;
};

/// A store file that is gone at the end of the test.
class StoreFile {
 public:
  StoreFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "oneproxy-store-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~StoreFile() { std::filesystem::remove_all(folder_); }
  std::filesystem::path path() const { return folder_ / "measurements.sqlite"; }

 private:
  std::filesystem::path folder_;
};

}  // namespace oneproxy::test
