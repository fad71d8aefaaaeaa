#include "engines.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/space/onnx.hpp"

namespace oneproxy {
namespace {

class OnnxRuntimeSession final : public Session {
 public:
  OnnxRuntimeSession(OrtSession session, const Shape& input)
      : session_(std::move(session)), shape_{1, input.channels, input.height, input.width} {}

  void run(std::span<const float> input, std::span<float> output) override { session_.run(input, shape_, output); }

 private:
  OrtSession session_;
  std::vector<std::int64_t> shape_;
};

class OnnxRuntimeEngine final : public Engine {
 public:
  OnnxRuntimeEngine(int threads, const std::string& optimization)
      : options_{.threads = threads, .optimize = optimization == "all"},
        description_("onnxruntime(threads=" + std::to_string(threads) + ", optimization=" + optimization + ")") {}

  const std::string& description() const override { return description_; }
  std::string version() const override { return "ONNX Runtime " + ort_info().version; }
  int threads() const override { return options_.threads; }

  std::unique_ptr<Session> load(const Network& network, const Weights& weights) override {
    return std::make_unique<OnnxRuntimeSession>(OrtSession(onnx_bytes(network, weights), "the network", options_),
                                                network.layers.front().out);
  }

 private:
  OrtOptions options_;
  std::string description_;
};

}  // namespace

std::unique_ptr<Engine> make_onnxruntime(Description description) {
  const int threads = description.take_int("threads", 1, 1, 1024);
  const std::string optimization = description.take_choice("optimization", "all", {"all", "none"});
  description.finish();
  if (!ort_info().available) throw InputError("onnxruntime", ort_info().detail);
  return std::make_unique<OnnxRuntimeEngine>(threads, optimization);
}

DeviceKind onnxruntime_kind() {
  const OrtInfo& info = ort_info();
  return {"onnxruntime", "threads=1, optimization=all|none", info.available,
          info.available ? "ONNX Runtime " + info.version + " (" + info.detail + ")" : info.detail};
}

}  // namespace oneproxy
