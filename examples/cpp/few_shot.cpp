// Adapts a proxy to a device by 30 of its latencies: few_shot PROXY.json TABLE.csv COLUMN
#include <cstdio>
#include <vector>

#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/space/arch_table.hpp"

int main(int argc, char** argv) try {
  using namespace oneproxy;
  if (argc != 4) throw InputError("few_shot", "expected PROXY.json TABLE.csv COLUMN");
  const LinearPredictor proxy = load_linear_predictor(argv[1]);
  const ArchTable table = read_arch_table(argv[2], *proxy.space());
  const Eigen::VectorXd measured = table.values.col(static_cast<Eigen::Index>(table.column(argv[3])));
  const std::vector<double> latency_ms(measured.begin(), measured.end());
  const std::span xs(table.architectures);
  if (xs.size() < 60) throw InputError(argv[2], "expected at least 60 architectures");

  const AdaptedProxy adapted = adapt(proxy, xs.first(30), std::span(latency_ms).first(30));
  const auto rest = xs.subspan(30);
  const auto judge = [&](const LinearPredictor& predictor) {
    const Eigen::VectorXd predicted = predictor.latency_ms(rest);
    return srcc({predicted.data(), rest.size()}, std::span(latency_ms).subspan(30));
  };
  std::printf("SRCC on %zu other architectures: %.3f before, %.3f after\n", rest.size(), judge(proxy),
              judge(adapted.predictor));
  return 0;
} catch (const oneproxy::InputError& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
