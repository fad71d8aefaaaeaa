#include "nearest_proxy.hpp"

#include "oneproxy/adapt/proxy_choice.hpp"

namespace oneproxy {

const Proxy& nearest_proxy(const std::vector<Proxy>& proxies, std::span<const Architecture> samples,
                           std::span<const double> latency_ms, double threshold) {
  Eigen::MatrixXd predicted(std::ssize(samples), std::ssize(proxies));
  for (std::size_t p = 0; p < proxies.size(); ++p) {
    predicted.col(static_cast<Eigen::Index>(p)) = proxies[p].predictor->latency_ms(samples);
  }
  const Eigen::Map<const Eigen::MatrixXd> measured(latency_ms.data(), predicted.rows(), 1);
  return proxies[select_proxy(predicted, measured, threshold).proxy];
}

}  // namespace oneproxy
