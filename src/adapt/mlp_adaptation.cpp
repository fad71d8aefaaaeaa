#include "oneproxy/adapt/mlp_adaptation.hpp"

#include "oneproxy/predict/mlp_fit.hpp"

namespace oneproxy {

AdaptedMlp adapt_last_layer(const SearchSpace& space, const std::vector<DenseLayer>& layers,
                            std::span<const Architecture> samples, std::span<const double> latency_ms,
                            const AdaptationOptions& options) {
  const Eigen::MatrixXd x = last_layer_inputs(space, layers, samples);
  const DenseLayer& last = layers.back();
  Eigen::VectorXd weights(x.cols());
  weights << last.weight.col(0).cast<double>(), static_cast<double>(last.bias[0]);

  AdaptedMlp adapted{.layers = layers,
                     .last = adapt_weights(x, weights, latency_ms, options),
                     .srcc = cross_validated_srcc(x, weights, latency_ms, options)};
  const Eigen::VectorXf rounded = adapted.last.weights.cast<float>();
  adapted.layers.back().weight.col(0) = rounded.head(rounded.size() - 1);
  adapted.layers.back().bias[0] = rounded[rounded.size() - 1];
  return adapted;
}

}  // namespace oneproxy
