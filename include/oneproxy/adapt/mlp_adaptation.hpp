#pragma once

#include <vector>

#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/predict/mlp.hpp"

namespace oneproxy {

/// A neural network adapted to a target, and how that came about.
struct AdaptedMlp {
  std::vector<DenseLayer> layers;  ///< all but the last are the proxy's
  AdaptedWeights last;             ///< the weights of the last layer and its bias
  SrccEstimate srcc;               ///< cross_validated_srcc()
};

/// Eqn. (3) on the last layer of a neural network, the earlier ones staying as they are: its inputs and the constant
/// are the representation of an architecture (section 5.4.1 and footnote 3). Give it the compressed() network: what the
/// first layer puts out says more of an architecture than what a narrow last layer reads.
/// Preconditions and failures: see adapt().
AdaptedMlp adapt_last_layer(const SearchSpace& space, const std::vector<DenseLayer>& layers,
                            std::span<const Architecture> samples, std::span<const double> latency_ms,
                            const AdaptationOptions& options = {});

}  // namespace oneproxy
