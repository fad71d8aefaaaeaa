#include "oneproxy/adapt/proxy_choice.hpp"

#include <cassert>
#include <cmath>

#include "oneproxy/adapt/srcc.hpp"

namespace oneproxy {

ProxyChoice select_proxy(const Eigen::MatrixXd& predicted, const Eigen::MatrixXd& measured, double threshold) {
  assert(predicted.rows() == measured.rows() && predicted.size() > 0 && measured.size() > 0);
  const Eigen::Index proxies = predicted.cols();
  const Eigen::Index targets = measured.cols();
  ProxyChoice result{.proxy = 0,
                     .srcc = srcc_between(predicted, measured),
                     .mean = Eigen::VectorXd::Zero(proxies),
                     .monotone_targets = Eigen::VectorXi::Zero(proxies)};
  for (Eigen::Index p = 0; p < proxies; ++p) {
    for (Eigen::Index t = 0; t < targets; ++t) {
      const double r = result.srcc(p, t);
      if (std::isnan(r)) continue;
      result.mean(p) += r / static_cast<double>(targets);
      result.monotone_targets(p) += r >= threshold ? 1 : 0;
    }
    const auto best = static_cast<Eigen::Index>(result.proxy);
    if (result.monotone_targets(p) > result.monotone_targets(best) ||
        (result.monotone_targets(p) == result.monotone_targets(best) && result.mean(p) > result.mean(best))) {
      result.proxy = static_cast<std::size_t>(p);
    }
  }
  return result;
}

}  // namespace oneproxy
