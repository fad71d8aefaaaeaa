#include "oneproxy/pipeline/operator_profile.hpp"

#include <gtest/gtest.h>

#include "measure/temporary_folder.hpp"
#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

/// A roofline that also takes `overhead_ms` for any network at all, as engines do; it fails at measurement `fails_at`.
class BusyDevice final : public Device {
 public:
  explicit BusyDevice(double overhead_ms)
      : model_(make_device("roofline(device=s5e)")), overhead_ms_(overhead_ms), description_("busy") {}
  const std::string& description() const override { return description_; }
  MachineFacts facts() const override { return {}; }
  void measure(const SearchSpace& space, std::span<const Architecture> xs, const Protocol& protocol,
               const MeasurementSink& sink, const ProgressCallback& progress) override {
    const auto slower = [&](Measurement m) {
      if (measured_count == fails_at) throw InputError(description_, "was lost");
      ++measured_count;
      m.raw_ms = {static_cast<float>(m.median_ms + overhead_ms_)};
      summarise(m);
      sink(m);
    };
    model_->measure(space, xs, protocol, slower, progress);
  }

  std::size_t measured_count = 0;
  std::size_t fails_at = static_cast<std::size_t>(-1);

 private:
  std::unique_ptr<Device> model_;
  double overhead_ms_;
  std::string description_;
};

std::int64_t begin(Store& store, const OperatorSpace& operators) {
  RunSettings settings;
  settings.space = operators.description();
  return store.begin_run(settings);
}

class OperatorProfileTest : public ::testing::Test {
 protected:
  OperatorProfile profile(Device& device, ProfileMethod method, const OperatorSpace& operators) {
    Store store(folder_ / "store.sqlite");
    if (run_ == 0) run_ = begin(store, operators);
    return profile_operators(device, operators, method, {}, store, run_, {});
  }
  SumCheck check(Device& device, const OperatorSpace& operators, const OperatorProfile& found) {
    const LookupTablePredictor table(operators.base(), found.entries, operators.grain());
    Rng rng(5);
    const auto xs = operators.base()->sample_distinct(100, rng);
    std::vector<double> measured(xs.size());
    std::size_t at = 0;
    device.measure(*operators.base(), xs, {}, [&](const Measurement& m) { measured[at++] = m.median_ms; }, {});
    const Eigen::VectorXd sums = table.latency_ms(xs);
    return check_sums({sums.data(), xs.size()}, measured);
  }

  testing::TemporaryFolder folder_;
  std::int64_t run_ = 0;
};

TEST_F(OperatorProfileTest, OfADeviceThatAddsLayersUpIsExactEitherWay) {
  for (const std::string name : {"mobilenet_v2(resolution=32, width=0.25)", "fbnet", "nas_bench_201"}) {
    // Zeros are no operators; this device takes time to write them. Latencies are kept in 32 bits.
    const double tolerance = name == "nas_bench_201" ? 0.02 : 1e-5;
    const OperatorSpace operators(make_space(name));
    for (const auto method : {ProfileMethod::alone, ProfileMethod::difference}) {
      SCOPED_TRACE(name + ", " + to_string(method));
      const testing::TemporaryFolder folder;
      Store store(folder / "store.sqlite");
      const auto run = begin(store, operators);
      BusyDevice device(0);
      const OperatorProfile found = profile_operators(device, operators, method, {}, store, run, {});
      EXPECT_EQ(found.entries.size(), operators.operators().size());
      EXPECT_EQ(found.measured_count, device.measured_count);
      const SumCheck sums = check(device, operators, found);
      EXPECT_NEAR(sums.bias, 0, tolerance);
      EXPECT_LE(sums.rmse_share, tolerance);
      EXPECT_EQ(sums.within_10_percent, 1);
      EXPECT_GT(sums.srcc, 0.999);
    }
  }
}

TEST_F(OperatorProfileTest, DifferencesCountWhatAnyNetworkCostsOnceAndSumsOfOperatorsAloneManyTimes) {
  const OperatorSpace operators(make_space("mobilenet_v2(resolution=32, width=0.25)"));
  BusyDevice device(0.5);
  const auto difference = check(device, operators, profile(device, ProfileMethod::difference, operators));
  EXPECT_NEAR(difference.bias, 0, 1e-5);
  const auto alone = check(device, operators, profile(device, ProfileMethod::alone, operators));
  EXPECT_GT(alone.bias, 3);
}

TEST_F(OperatorProfileTest, GoesOnWhereItWasInterrupted) {
  const OperatorSpace operators(make_space("mobilenet_v2(resolution=32, width=0.25)"));
  BusyDevice device(0.1);
  device.fails_at = 37;
  EXPECT_THROW(profile(device, ProfileMethod::difference, operators), InputError);
  EXPECT_EQ(device.measured_count, 37U);
  device.fails_at = static_cast<std::size_t>(-1);
  const OperatorProfile resumed = profile(device, ProfileMethod::difference, operators);
  EXPECT_EQ(device.measured_count, resumed.measured_count);

  run_ = 0;
  BusyDevice other(0.1);
  const OperatorProfile whole = profile(other, ProfileMethod::difference, operators);
  ASSERT_EQ(resumed.entries.size(), whole.entries.size());
  for (std::size_t i = 0; i < whole.entries.size(); ++i) {
    EXPECT_EQ(resumed.entries[i].key, whole.entries[i].key);
    EXPECT_EQ(resumed.entries[i].latency_ms, whole.entries[i].latency_ms);
  }
}

TEST(CalibrationFactor, IsTheMedianRatio) {
  const double predicted[] = {1, 2, 4, 1};
  const double measured[] = {2, 3, 4, 100};
  EXPECT_EQ(calibration_factor({predicted, 3}, {measured, 3}), 1.5);
  EXPECT_EQ(calibration_factor(predicted, measured), 1.75);
}

TEST(SumCheckTest, TellsErrorsAsTheyAre) {
  const double predicted[] = {1.1, 2.0, 2.4};
  const double measured[] = {1.0, 2.0, 4.0};
  const SumCheck sums = check_sums(predicted, measured);
  EXPECT_EQ(sums.network_count, 3U);
  EXPECT_EQ(sums.srcc, 1);
  EXPECT_NEAR(sums.rmse_ms, std::sqrt((0.01 + 2.56) / 3), 1e-12);
  EXPECT_NEAR(sums.rmse_share, sums.rmse_ms / (7.0 / 3), 1e-12);
  EXPECT_NEAR(sums.bias, (0.1 + 0 - 0.4) / 3, 1e-12);
  EXPECT_EQ(profile_method_of("alone"), ProfileMethod::alone);
  EXPECT_THROW(profile_method_of("both"), InputError);
}

}  // namespace
}  // namespace oneproxy
