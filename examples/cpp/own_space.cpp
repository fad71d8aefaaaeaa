// A search space of your own: own_space [FILE.onnx]. Everything works on it; here a device on paper and a predictor.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/predict/linear.hpp"
#include "oneproxy/space/onnx.hpp"
#include "perceptrons.hpp"

int main(int argc, char** argv) try {
  const auto space = std::make_shared<Perceptrons>();
  oneproxy::Rng rng(1);
  const auto xs = space->sample_distinct(100, rng);

  std::vector<double> latency_ms;
  const auto device = oneproxy::make_device("roofline(device=taba)");
  std::vector<oneproxy::Architecture> measured;
  const auto sink = [&](const oneproxy::Measurement& m) {
    measured.push_back(m.architecture);
    latency_ms.push_back(m.median_ms);
  };
  device->measure(*space, xs, {}, sink, {});
  const auto predictor = oneproxy::fit_linear(space, measured, latency_ms);
  std::printf("SRCC on architectures that the fit did not see: %.2f\n", predictor.training().held_out_srcc);

  const auto network = space->network(xs.front());
  if (argc > 1) oneproxy::write_onnx(argv[1], network, oneproxy::random_weights(network, 1));
  std::printf("%s has %.0f FLOPs\n", space->to_json(xs.front()).dump().c_str(), oneproxy::costs(network).flops);
  return 0;
} catch (const oneproxy::InputError& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
