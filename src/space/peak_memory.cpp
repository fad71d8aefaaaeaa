#include "oneproxy/space/peak_memory.hpp"

#include <algorithm>
#include <vector>

namespace oneproxy {

double peak_memory_mb(const Network& network) {
  const auto& layers = network.layers;
  std::vector<std::size_t> last_use(layers.size());
  std::int64_t parameters = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    last_use[i] = i + 1 == layers.size() ? layers.size() : i;
    for (const int input : layers[i].inputs) {
      auto& last = last_use[static_cast<std::size_t>(input)];
      last = std::max(last, i);
    }
    parameters += layers[i].weight_count() + layers[i].bias_count();
  }
  std::int64_t live = 0;
  std::int64_t most = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    live += layers[i].out.elements();
    most = std::max(most, live);
    for (std::size_t j = 0; j <= i; ++j) {
      if (last_use[j] == i) live -= layers[j].out.elements();
    }
  }
  constexpr double mb_per_value = 4.0 / (1 << 20);
  return mb_per_value * static_cast<double>(parameters + most);
}

}  // namespace oneproxy
