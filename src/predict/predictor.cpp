#include "oneproxy/predict/predictor.hpp"

namespace oneproxy {

std::vector<float> Predictor::operator()(std::span<const Architecture> xs) const {
  std::vector<float> out(xs.size());
  predict(xs, out);
  return out;
}

}  // namespace oneproxy
