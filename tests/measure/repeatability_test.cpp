#include "oneproxy/measure/repeatability.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace oneproxy {
namespace {

const SpacePtr& space() {
  static const SpacePtr space =
      make_space("mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)");
  return space;
}

/// Latencies known exactly, and noise between campaigns that falls with the budget as `noise` says.
class NoisyDevice final : public Device {
 public:
  explicit NoisyDevice(std::function<double(double budget_ms)> noise) : noise_(std::move(noise)) {}
  const std::string& description() const override { return description_; }
  MachineFacts facts() const override { return {}; }
  void measure(const SearchSpace&, std::span<const Architecture> xs, const Protocol& protocol,
               const MeasurementSink& sink, const ProgressCallback&) override {
    ++campaigns;
    for (const auto& x : xs) {
      Measurement m;
      m.architecture = x;
      const double latency_ms = 1 + static_cast<double>(std::hash<Architecture>()(x) % 1000) / 1000;
      m.raw_ms.assign(10, static_cast<float>(latency_ms * std::exp(noise_(protocol.budget_ms) * rng_.normal())));
      summarise(m);
      sink(m);
    }
  }
  int campaigns = 0;

 private:
  std::function<double(double)> noise_;
  std::string description_ = "noisy()";
  Rng rng_{3};
};

std::vector<Architecture> pilot() {
  Rng rng(1);
  return space()->sample_distinct(20, rng);
}

TEST(Calibration, AQuietDeviceIsLeftAsItIs) {
  NoisyDevice device([](double) { return 1e-4; });
  const Calibration calibration = calibrate(device, *space(), pilot(), {}, {});
  EXPECT_TRUE(calibration.good);
  EXPECT_EQ(calibration.steps.size(), 1U);
  EXPECT_EQ(calibration.protocol.budget_ms, Protocol{}.budget_ms);
  EXPECT_EQ(device.campaigns, 2);
}

TEST(Calibration, LengthensUntilTheDeviceAgreesWithItself) {
  // As two threads on a shared machine: hopeless at the default budget, good at four times that.
  NoisyDevice device([](double budget_ms) { return budget_ms < 1000 ? 0.5 : 1e-3; });
  const Calibration calibration = calibrate(device, *space(), pilot(), {}, {});
  EXPECT_TRUE(calibration.good);
  ASSERT_EQ(calibration.steps.size(), 3U);
  EXPECT_LT(calibration.steps[0].repeatability.srcc, good_repeatability);
  EXPECT_GE(calibration.steps[2].repeatability.srcc, good_repeatability);
  EXPECT_EQ(calibration.protocol.budget_ms, 1200);
  EXPECT_EQ(calibration.protocol.min_runs, 120);
}

TEST(Calibration, SaysWhereNothingHelps) {
  NoisyDevice device([](double) { return 1.0; });
  const Calibration calibration = calibrate(device, *space(), pilot(), {}, {});
  EXPECT_FALSE(calibration.good);
  EXPECT_EQ(calibration.steps.size(), 5U);
  EXPECT_EQ(calibration.protocol.budget_ms, 16 * Protocol{}.budget_ms);
}

Measurement around(double median_ms, double half_width_ms) {
  Measurement m;
  for (int i = -10; i <= 10; ++i) m.raw_ms.push_back(static_cast<float>(median_ms + half_width_ms * i / 10));
  m.stopped_by = "confidence";
  summarise(m);
  return m;
}

TEST(Repeatability, IsOfBothMedians) {
  std::vector<RepeatedMeasurement> pairs;
  for (int i = 1; i <= 10; ++i) pairs.push_back({around(i, 0.01), around(1.1 * i, 0.01)});
  const Repeatability same_order = repeatability(pairs);
  EXPECT_DOUBLE_EQ(same_order.srcc, 1);
  EXPECT_NEAR(same_order.median_relative_difference, 0.1 / 1.05, 1e-6);
  EXPECT_EQ(same_order.networks, 10U);
  EXPECT_TRUE(std::isnan(repeatability({}).srcc));
}

TEST(TiedPlaces, AreSharedWhereIntervalsOverlap) {
  // Of 21 runs the interval runs from the 6th to the 16th: half of the half width on both sides.
  const std::vector<Measurement> measured{around(3, 0.01), around(1, 0.1), around(1.06, 0.1), around(1.3, 0.1)};
  EXPECT_EQ(tied_places(measured), (std::vector<std::size_t>{4, 1, 1, 3}));
  EXPECT_TRUE(tied_places({}).empty());
  Measurement few = around(1, 0.1);
  few.raw_ms.resize(3);
  summarise(few);
  EXPECT_EQ(tied_places(std::vector{few, around(1, 0.01), around(2, 0.01)}), (std::vector<std::size_t>{1, 1, 1}))
      << "three runs say nothing";
  few.stopped_by = "model";
  EXPECT_EQ(tied_places(std::vector{few, around(5, 0.01)}), (std::vector<std::size_t>{1, 2}));
}

TEST(DriftTrend, IsThatOfTheReferenceNetwork) {
  std::vector<Measurement> measured(30, around(1, 0.1));
  EXPECT_EQ(drift_trend(measured), 0);
  for (std::size_t i = 0; i < measured.size(); ++i)
    measured[i].reference_ms = 0.1 * (1 + 0.01 * static_cast<double>(i));
  EXPECT_NEAR(drift_trend(measured), 1.245 / 1.045 - 1, 1e-9);
}

}  // namespace
}  // namespace oneproxy
