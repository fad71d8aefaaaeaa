// An engine of your own: matrix products by Eigen, for perceptrons. Timed like every other engine, in a process of its
// own.
#include <Eigen/Core>
#include <cstdio>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/measure/engine.hpp"
#include "perceptrons.hpp"

using namespace oneproxy;

class EigenSession final : public Session {
 public:
  EigenSession(const Network& network, const Weights& weights) {
    refuse_layers(network, {LayerKind::convolution, LayerKind::add}, "eigen");  // and whatever else it cannot compute
    for (std::size_t i = 1; i < network.layers.size(); ++i) {
      const Layer& layer = network.layers[i];
      const float* values = weights.values[i].data();  // out x in, then the biases
      layers_.emplace_back(Eigen::Map<const FeatureMatrix>(values, layer.out.channels, layer.in.channels),
                           Eigen::Map<const Eigen::VectorXf>(values + layer.weight_count(), layer.out.channels));
    }
  }
  void run(std::span<const float> input, std::span<float> output) override {
    Eigen::VectorXf x = Eigen::Map<const Eigen::VectorXf>(input.data(), static_cast<Eigen::Index>(input.size()));
    for (const auto& [weight, bias] : layers_) {
      x = weight * x + bias;
      if (&weight != &layers_.back().first) x = x.cwiseMax(0.0F);
    }
    Eigen::Map<Eigen::VectorXf>(output.data(), x.size()) = x;
  }

 private:
  std::vector<std::pair<FeatureMatrix, Eigen::VectorXf>> layers_;
};

class EigenEngine final : public Engine {
  std::string description_ = "eigen()";
  const std::string& description() const override { return description_; }
  std::string version() const override { return "Eigen " + std::to_string(EIGEN_WORLD_VERSION); }
  std::unique_ptr<Session> load(const Network& network, const Weights& weights) override {
    return std::make_unique<EigenSession>(network, weights);
  }
};

int main() try {
  const auto device = make_engine_device(std::make_unique<EigenEngine>());  // its process starts here
  const Perceptrons space;
  Rng rng(1);
  std::vector<double> latency_ms, flops;
  const auto sink = [&](const Measurement& m) {
    latency_ms.push_back(m.median_ms);
    flops.push_back(costs(space.network(m.architecture)).flops);
  };
  device->measure(space, space.sample_distinct(30, rng), {.budget_ms = 20, .reference_every = 0}, sink, {});
  std::printf("%zu networks; SRCC of latency and FLOPs: %.2f\n", flops.size(), srcc(latency_ms, flops));
} catch (const InputError& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 2;
}
