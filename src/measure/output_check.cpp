#include "output_check.hpp"

#include <algorithm>
#include <cmath>

#include "models.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

// fp32 engines that compute the same differ by 1e-6 to 1e-5 of the largest output; one that skips a layer by 0.1 and
// more.
constexpr double largest_share = 1e-3;

}  // namespace

void require_same_outputs(Session& session, std::string_view onnx, const Network& network, std::string_view engine,
                          int batch) {
  if (!ort_info().available) {
    throw InputError(
        engine, "its outputs are compared with ONNX Runtime's before timing, which is missing: " + ort_info().detail);
  }
  const Shape& in = network.layers.front().out;
  const std::vector<std::int64_t> shape{1, in.channels, in.height, in.width};
  const auto in_elements = static_cast<std::size_t>(in.elements());
  const auto out_elements = static_cast<std::size_t>(network.layers.back().out.elements());
  std::vector<float> input(static_cast<std::size_t>(batch) * in_elements);
  Rng rng(1);
  for (float& value : input) value = static_cast<float>(rng.normal());
  std::vector<float> expected(static_cast<std::size_t>(batch) * out_elements);
  std::vector<float> computed(expected.size());
  OrtSession reference(onnx, "the network", {});
  for (std::size_t image = 0; image < static_cast<std::size_t>(batch); ++image) {
    reference.run(std::span(input).subspan(image * in_elements, in_elements), shape,
                  std::span(expected).subspan(image * out_elements, out_elements));
  }
  session.run(input, computed);
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(double{expected[i]}));
    const double here = std::abs(double{computed[i]} - double{expected[i]});
    difference = std::isfinite(here) ? std::max(difference, here) : INFINITY;
  }
  if (difference <= largest_share * largest) return;
  throw InputError(engine, "computes other outputs than ONNX Runtime: the largest difference is " +
                               number_text(difference) + ", where the largest output is " + number_text(largest));
}

}  // namespace oneproxy
