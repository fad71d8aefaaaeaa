#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "batch.hpp"
#include "engines.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/space/onnx.hpp"

namespace oneproxy {
namespace {

class OnnxRuntimeSession final : public Session {
 public:
  OnnxRuntimeSession(OrtSession session, const Shape& input, int batch)
      : session_(std::move(session)), shape_{batch, input.channels, input.height, input.width} {}

  void run(std::span<const float> input, std::span<float> output) override { session_.run(input, shape_, output); }

 private:
  OrtSession session_;
  std::vector<std::int64_t> shape_;
};

constexpr int uncounted_runs = 3;

/// What each node took in the runs that count, in the order of the first run.
std::vector<LayerLatency> layers_of_profile(const std::string& text) {
  constexpr std::string_view ending = "_kernel_time";
  const auto events = nlohmann::json::parse(text, nullptr, false);
  std::vector<LayerLatency> found;
  std::vector<std::vector<double>> ms;
  for (const auto& event : events) {
    if (!event.is_object() || event.value("cat", "") != "Node") continue;
    std::string name = event.value("name", "");
    if (!name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    const auto known = std::ranges::find(found, name, &LayerLatency::layer);
    const auto index = static_cast<std::size_t>(known - found.begin());
    if (known == found.end()) {
      found.push_back({name, 0, {}});
      ms.emplace_back();
    }
    ms[index].push_back(event.value("dur", 0.0) / 1000);
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (ms[i].size() > uncounted_runs) ms[i].erase(ms[i].begin(), ms[i].begin() + uncounted_runs);
    found[i].ms = middle_mean(ms[i]);
  }
  return found;
}

class OnnxRuntimeEngine final : public Engine {
 public:
  OnnxRuntimeEngine(int threads, const std::string& optimization, int batch)
      : batch_(batch),
        options_{.threads = threads, .optimize = optimization == "all"},
        description_("onnxruntime(threads=" + std::to_string(threads) + ", optimization=" + optimization +
                     batch_text(batch) + ")") {}

  const std::string& description() const override { return description_; }
  std::string version() const override { return "ONNX Runtime " + ort_info().version; }
  int threads() const override { return options_.threads; }
  int batch() const override { return batch_; }

  std::unique_ptr<Session> load(const Network& network, const Weights& weights) override {
    const std::string onnx = with_batch(onnx_bytes(network, weights), batch_);
    return std::make_unique<OnnxRuntimeSession>(OrtSession(onnx, "the network", options_), network.layers.front().out,
                                                batch_);
  }

  std::vector<LayerLatency> layers(const Network& network, const Weights& weights, int runs) override {
    OrtOptions options = options_;
    options.profile =
        (std::filesystem::temp_directory_path() / ("oneproxy-profile-" + std::to_string(getpid()))).string();
    OrtSession session(with_batch(onnx_bytes(network, weights), batch_), "the network", options);
    const Shape& shape = network.layers.front().out;
    const std::vector<float> input(static_cast<std::size_t>(batch_ * shape.elements()), 0.5F);
    std::vector<float> output(static_cast<std::size_t>(batch_ * network.layers.back().out.elements()));
    for (int run = -uncounted_runs; run < runs; ++run) {
      session.run(input, std::vector<std::int64_t>{batch_, shape.channels, shape.height, shape.width}, output);
    }
    const std::string file = session.end_profile();
    const std::string text = read_file(file);
    std::error_code error;
    std::filesystem::remove(file, error);
    auto found = layers_of_profile(text);
    for (auto& layer : found) layer.ms /= batch_;
    return found;
  }
  std::string layers_origin() const override { return "the profile of " + version() + ", in whole microseconds"; }

 private:
  int batch_;
  OrtOptions options_;
  std::string description_;
};

}  // namespace

std::unique_ptr<Engine> make_onnxruntime(Description description) {
  const int threads = description.take_int("threads", 1, 1, 1024);
  const std::string optimization = description.take_choice("optimization", "all", {"all", "none"});
  const int batch = take_batch(description);
  description.finish();
  if (!ort_info().available) throw InputError("onnxruntime", ort_info().detail);
  return std::make_unique<OnnxRuntimeEngine>(threads, optimization, batch);
}

DeviceKind onnxruntime_kind() {
  const OrtInfo& info = ort_info();
  return {"onnxruntime", "threads=1, optimization=all|none, batch=1", info.available,
          info.available ? "ONNX Runtime " + info.version + " (" + info.detail + ")" : info.detail};
}

}  // namespace oneproxy
