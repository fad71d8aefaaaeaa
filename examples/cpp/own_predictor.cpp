// Predictors of your own: latency from the nearest networks that were measured, accuracy from a formula; then a search.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "oneproxy/base/error.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/predict/flops.hpp"
#include "oneproxy/search/evolution.hpp"

using namespace oneproxy;

/// The mean latency of the three measured networks that differ in the fewest decisions.
class NearestPredictor final : public Predictor {
 public:
  explicit NearestPredictor(std::vector<Measurement> known) : known_(std::move(known)) {}
  void predict(std::span<const Architecture> xs, std::span<float> out) const override {
    std::vector<std::pair<int, double>> near(known_.size());
    for (std::size_t i = 0; i < xs.size(); ++i) {
      for (std::size_t k = 0; k < known_.size(); ++k) {
        near[k] = {0, known_[k].median_ms};
        for (std::size_t d = 0; d < xs[i].size(); ++d) near[k].first += xs[i][d] != known_[k].architecture[d];
      }
      std::partial_sort(near.begin(), near.begin() + 3, near.end());
      out[i] = static_cast<float>((near[0].second + near[1].second + near[2].second) / 3);
    }
  }

 private:
  std::vector<Measurement> known_;
};

/// More work is better, with falling returns.
class WorkPredictor final : public Predictor {
 public:
  explicit WorkPredictor(SpacePtr space) : gflops_(std::move(space)) {}
  void predict(std::span<const Architecture> xs, std::span<float> out) const override {
    gflops_.predict(xs, out);
    for (float& value : out) value = 95 - 20 * std::exp(-20 * value);
  }

 private:
  FlopsPredictor gflops_;
};

int main() try {
  const SpacePtr space = make_space("mobilenet_v2(resolution=32, width=0.35, classes=10, channels=3)");
  Rng rng(1);
  std::vector<Measurement> known;
  const auto sink = [&](const Measurement& m) { known.push_back(m); };
  make_device("roofline(device=s5e)")->measure(*space, space->sample_distinct(200, rng), {}, sink, {});
  const Front front =
      search_front({*space, NearestPredictor(known), WorkPredictor(space)}, {.population = 100, .generations = 20});
  for (const auto& c : front)
    std::printf("%.4f ms  %.2f %%  %s\n", c.latency_ms, c.accuracy, space->text(c.architecture).c_str());
} catch (const InputError& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
