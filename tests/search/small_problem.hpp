#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "oneproxy/predict/linear.hpp"
#include "oneproxy/search/candidate.hpp"
#include "oneproxy/search/pareto.hpp"

namespace oneproxy::testing_problem {

/// Decisions of three options each, without any that switch others off: small enough to enumerate.
class SmallSpace final : public SearchSpace {
 public:
  explicit SmallSpace(std::size_t decision_count) {
    for (std::size_t d = 0; d < decision_count; ++d) decisions_.push_back({"d." + std::to_string(d), {"a", "b", "c"}});
  }
  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override { return decisions_; }
  Network network(const Architecture&) const override { return {}; }

  std::vector<Architecture> all() const {
    std::vector<Architecture> xs{Architecture(decisions_.size())};
    for (std::size_t d = 0; d < decisions_.size(); ++d) {
      const std::size_t count = xs.size();
      for (std::uint8_t option = 1; option < 3; ++option) {
        for (std::size_t i = 0; i < count; ++i) {
          xs.push_back(xs[i]);
          xs.back()[d] = option;
        }
      }
    }
    return xs;
  }

 private:
  std::string description_ = "small";
  std::vector<Decision> decisions_;
};

/// A smooth function of the encoding with interactions between neighbours; counts what it is asked.
class Accuracy final : public Predictor {
 public:
  Accuracy(SpacePtr space, std::uint64_t seed) : space_(std::move(space)) {
    Rng rng(seed);
    for (std::size_t i = 0; i < space_->feature_count(); ++i) {
      weights_.push_back(static_cast<float>(static_cast<double>(i % 3) + 0.3 * rng.normal()));
    }
  }
  void predict(std::span<const Architecture> xs, std::span<float> out) const override {
    ActiveFeatures active;
    space_->active_features(xs, active);
    for (std::size_t i = 0; i < xs.size(); ++i) {
      float sum = 0, pairs = 0, last = 0;
      for (const auto feature : active.row(i)) {
        const float weight = weights_[feature];
        sum += weight;
        pairs += 0.1F * weight * last;
        last = weight;
      }
      out[i] = 100.0F / (1.0F + std::exp(-0.03F * (sum + pairs)));
    }
  }

 private:
  SpacePtr space_;
  std::vector<float> weights_;
};

/// Positive weights that grow with the option.
inline LinearPredictor linear_latency(const SpacePtr& space, std::uint64_t seed) {
  Rng rng(seed);
  Eigen::VectorXd weights_ms(static_cast<Eigen::Index>(space->feature_count()));
  for (Eigen::Index i = 0; i < weights_ms.size(); ++i) {
    weights_ms[i] = (0.2 + static_cast<double>(i % 3)) * (0.2 + rng.uniform());
  }
  return LinearPredictor(space, weights_ms);
}

/// Space and predictors together.
struct Problem {
  SpacePtr space;
  LinearPredictor latency;
  Accuracy accuracy;
  Problem(SpacePtr s, std::uint64_t seed) : space(s), latency(linear_latency(s, seed)), accuracy(s, seed + 1) {}
  SearchProblem view() const { return {*space, latency, accuracy}; }
};

inline double hypervolume_of(const Front& front, double reference_latency_ms, double reference_accuracy) {
  std::vector<float> latencies, accuracies;
  for (const auto& c : front) {
    latencies.push_back(c.latency_ms);
    accuracies.push_back(c.accuracy);
  }
  return hypervolume(latencies, accuracies, reference_latency_ms, reference_accuracy);
}

}  // namespace oneproxy::testing_problem
