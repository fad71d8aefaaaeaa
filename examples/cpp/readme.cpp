// The C++ lines of README.md, in a folder with models/ and board.csv.
#include <cstdio>
#include <vector>

#include "oneproxy/adapt/proxy_adaptation.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/space/arch_table.hpp"

int main() try {
  const auto proxy = oneproxy::load_linear_predictor("models/fashion_mnist/proxies/onednn-avx2.json");
  const auto table = oneproxy::read_arch_table("board.csv", *proxy.space());
  const std::vector<double> latency_ms(table.values.col(0).begin(), table.values.col(0).end());
  const auto adapted = oneproxy::adapt(proxy, table.architectures, latency_ms);
  oneproxy::save_linear_predictor("board.json", adapted.predictor);
} catch (const oneproxy::InputError& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
