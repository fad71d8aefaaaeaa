#include "oneproxy/measure/layer_profile.hpp"

#include <dnnl.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>

#include "engines.hpp"
#include "oneproxy/base/description.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/measure/engine.hpp"

namespace oneproxy {

double middle_mean(std::vector<double> values) {
  std::ranges::sort(values);
  const auto quarter = static_cast<std::ptrdiff_t>(values.size() / 4);
  return std::accumulate(values.begin() + quarter, values.end() - quarter, 0.0) /
         static_cast<double>(values.size() - 2 * static_cast<std::size_t>(quarter));
}

std::vector<LayerLatency> Engine::layers(const Network&, const Weights&, int) { return {}; }

namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

/// The description's name; a device of the user may describe itself as it likes.
std::string name_of(const Device& device) { return device.description().substr(0, device.description().find('(')); }

/// The engine that `device` times; nullptr for any other device.
std::unique_ptr<Engine> engine_of(const Device& device) {
  for (const char* known : {"onnxruntime", "onednn", "xnnpack", "opencv", "onnxruntime_web"}) {
    if (name_of(device) == known) return make_engine(device.description());
  }
  return nullptr;
}

/// The shortest of several calls, in seconds.
template <class Action>
double fastest_s(int calls, Action&& action) {
  double best = 1e9;
  for (int i = 0; i < calls; ++i) {
    const auto start = steady_clock::now();
    action();
    best = std::min(best, duration<double>(steady_clock::now() - start).count());
  }
  return best;
}

double matrix_product_gflops() {
  constexpr dnnl_dim_t n = 384;  // under a millisecond: one of many runs is not interrupted even on a busy machine
  const std::vector<float> a(n * n, 0.5F);
  const std::vector<float> b(n * n, 0.25F);
  std::vector<float> c(n * n);
  const double seconds =
      fastest_s(60, [&] { dnnl_sgemm('N', 'N', n, n, n, 1.0F, a.data(), n, b.data(), n, 0.0F, c.data(), n); });
  return 2.0 * n * n * n / seconds / 1e9;
}

/// Every thread copies `bytes` of its own, `repeats` times; bytes read and written count.
double copy_gbytes_per_s(std::size_t bytes, int repeats, int threads) {
  double seconds = 0;
#pragma omp parallel num_threads(threads)
  {
    const std::vector<char> from(bytes, 1);
    std::vector<char> to(bytes);
    const double mine = fastest_s(5, [&] {
      for (int i = 0; i < repeats; ++i) {
        std::memcpy(to.data(), from.data(), bytes);
        asm volatile("" ::"r"(to.data()) : "memory");  // the copy must happen
      }
    });
#pragma omp critical
    seconds = std::max(seconds, mine);
  }
  return 2.0 * static_cast<double>(bytes) * repeats * threads / seconds / 1e9;
}

}  // namespace

LayerProfile profile_layers(const Device& device, const SearchSpace& space, std::span<const Architecture> xs, int runs,
                            std::uint64_t seed) {
  LayerProfile profile;
  if (const LatencyModel* model = latency_model(device)) {
    profile.origin = "computed by the device on paper";
    for (const auto& x : xs) profile.networks.push_back(model->layers(space.network(x)));
    return profile;
  }
  const auto engine = engine_of(device);
  if (!engine) {
    profile.why_not = "This device tells the time of whole networks only.";
    return profile;
  }
  try {
    for (const auto& x : xs) {
      const Network network = space.network(x);
      auto layers = engine->layers(network, random_weights(network, seed), runs);
      if (layers.empty()) {
        profile.why_not = engine->version() + " does not tell the time of its layers.";
        profile.networks.clear();
        return profile;
      }
      profile.networks.push_back(std::move(layers));
    }
    profile.origin = engine->layers_origin();
  } catch (const InputError& error) {
    profile.networks.clear();
    profile.why_not = error.what();
  }
  return profile;
}

std::optional<Roof> roof_of(const Device& device) {
  if (name_of(device) == "roofline") {
    Description description = Description::parse(device.description());
    return Roof{.gflops = description.take_double("peak_gflops", 0, 0, 1e12),
                .memory_gbytes_per_s = description.take_double("bandwidth_gbs", 0, 0, 1e12),
                .cache_gbytes_per_s = 0,
                .origin = "the device's settings"};
  }
  const auto engine = engine_of(device);
  if (!engine) return std::nullopt;
  const int threads = engine->threads();
  const int before = omp_get_max_threads();
  omp_set_num_threads(threads);
  Roof roof{.gflops = matrix_product_gflops(),
            .memory_gbytes_per_s = copy_gbytes_per_s(std::size_t{32} << 20, 1, threads),
            .cache_gbytes_per_s = copy_gbytes_per_s(std::size_t{64} << 10, 200, threads),
            .origin = "measured here on " + std::to_string(threads) + (threads == 1 ? " thread" : " threads")};
  omp_set_num_threads(before);
  return roof;
}

}  // namespace oneproxy
