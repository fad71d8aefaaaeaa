#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "batch.hpp"
#include "engines.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/line_process.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/measure/agent_service.hpp"
#include "oneproxy/space/onnx.hpp"
#include "output_check.hpp"

namespace oneproxy {
namespace {

namespace fs = std::filesystem;

/// Answers {"load": id, "onnx": base64}, {"run": id, "input": base64 or absent (the last one), "shape": [...]} and
/// {"drop": id}, each with one line; "ms" is the time of one run alone. process.argv[1] is onnxruntime-web's folder.
constexpr const char* script = R"js(
const ort = require(process.argv[1]);
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'fatal';
const sessions = new Map();
const bytes = text => new Uint8Array(Buffer.from(text, 'base64'));
async function answer(request) {
  if ('load' in request) {
    const session = await ort.InferenceSession.create(bytes(request.onnx), {executionProviders: ['wasm']});
    sessions.set(request.load, {session, name: session.inputNames[0], output: session.outputNames[0]});
    return {};
  }
  if ('drop' in request) {
    const held = sessions.get(request.drop);
    sessions.delete(request.drop);
    if (held && held.session.release) await held.session.release();
    return {};
  }
  const held = sessions.get(request.run);
  if (request.input) {
    const data = bytes(request.input);
    held.feeds = {[held.name]: new ort.Tensor('float32', new Float32Array(data.buffer, 0, data.length / 4), request.shape)};
  }
  const start = process.hrtime.bigint();
  const result = await held.session.run(held.feeds);
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  const data = result[held.output].data;
  return {ms, output: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')};
}
(async () => {
  for await (const line of require('readline').createInterface({input: process.stdin})) {
    let text;
    try {
      text = JSON.stringify(await answer(JSON.parse(line)));
    } catch (error) {
      text = JSON.stringify({error: String(error).replace(/\s+/g, ' ')});
    }
    process.stdout.write(text + '\n');
  }
})();
)js";

/// Where npm put the package, and its version.
struct WebInfo {
  bool available = false;
  std::string folder;
  std::string version;
  std::string detail;
};

bool has_node() {
  const char* const path = std::getenv("PATH");
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const auto end = rest.find(':');
    if (access((rest.substr(0, end) + "/node").c_str(), X_OK) == 0) return true;
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return false;
}

const WebInfo& web_info() {
  static const WebInfo info = [] {
    WebInfo found;
    std::vector<fs::path> folders;
    if (const char* root = std::getenv("ONNXRUNTIME_WEB_ROOT"); root != nullptr && *root != '\0')
      folders.emplace_back(root);
    // Beside the program's folder and above: a build folder lies in the checkout, whose .deps/ scripts/bootstrap fills.
    std::error_code error;
    for (fs::path at = fs::read_symlink("/proc/self/exe", error).parent_path(); at.has_relative_path();
         at = at.parent_path()) {
      folders.push_back(at / ".deps/web/node_modules/onnxruntime-web");
      folders.push_back(at / "node_modules/onnxruntime-web");
    }
    for (const auto& folder : folders) {
      if (!fs::exists(folder / "package.json", error)) continue;
      const auto json = nlohmann::json::parse(read_file(folder / "package.json"), nullptr, false);
      if (!json.is_object()) continue;
      found = {has_node(), folder.string(), json.value("version", ""), ""};
      found.detail = found.available ? "ONNX Runtime Web " + found.version + " (" + found.folder + ")"
                                     : "node is missing; install nodejs";
      return found;
    }
    found.detail = "scripts/bootstrap --web installs it from npm; ONNXRUNTIME_WEB_ROOT may name its folder";
    return found;
  }();
  return info;
}

class WebSession final : public Session {
 public:
  WebSession(LineProcess& node, int id, const Shape& input, int batch)
      : node_(node), id_(id), shape_{batch, input.channels, input.height, input.width} {}
  ~WebSession() override {
    try {
      node_.ask(nlohmann::json{{"drop", id_}}.dump());
    } catch (const InputError&) {
      // It is gone, and the network with it.
    }
  }

  void run(std::span<const float> input, std::span<float> output) override { timed_run_ms(input, output); }

  double timed_run_ms(std::span<const float> input, std::span<float> output) override {
    nlohmann::json request{{"run", id_}};
    if (!std::ranges::equal(input, sent_)) {
      sent_.assign(input.begin(), input.end());
      request["input"] = base64({reinterpret_cast<const char*>(sent_.data()), sent_.size() * sizeof(float)});
      request["shape"] = shape_;
    }
    const auto answer = checked(node_.ask(request.dump()));
    const std::string bytes = from_base64(answer.at("output").get<std::string>());
    if (bytes.size() != output.size_bytes()) throw InputError("onnxruntime_web", "gives an output of another size");
    std::memcpy(output.data(), bytes.data(), bytes.size());
    return answer.at("ms").get<double>();
  }

  static nlohmann::json checked(const std::string& answer) {
    auto json = nlohmann::json::parse(answer, nullptr, false);
    if (!json.is_object()) throw InputError("onnxruntime_web", "gives an answer that is no JSON object");
    if (json.contains("error")) throw InputError("onnxruntime_web", json["error"].get<std::string>());
    return json;
  }

 private:
  LineProcess& node_;
  int id_;
  std::vector<int> shape_;
  std::vector<float> sent_;
};

class WebEngine final : public Engine {
 public:
  explicit WebEngine(int batch)
      : batch_(batch),
        description_(batch == 1 ? "onnxruntime_web()" : "onnxruntime_web(" + batch_text(batch).substr(2) + ")") {}

  const std::string& description() const override { return description_; }
  std::string version() const override { return "ONNX Runtime Web " + web_info().version; }
  int batch() const override { return batch_; }

  std::unique_ptr<Session> load(const Network& network, const Weights& weights) override {
    if (!node_) {
      const std::vector<std::string> command{"node", "-e", script, web_info().folder};
      node_ = std::make_unique<LineProcess>(command, "is it installed, in version 16 or newer?");
    }
    const std::string onnx = onnx_bytes(network, weights);
    const int id = next_id_++;
    WebSession::checked(node_->ask(nlohmann::json{{"load", id}, {"onnx", base64(with_batch(onnx, batch_))}}.dump()));
    auto session = std::make_unique<WebSession>(*node_, id, network.layers.front().out, batch_);
    if (ort_info().available) require_same_outputs(*session, onnx, network, "onnxruntime_web", batch_);
    return session;
  }

 private:
  int batch_;
  std::string description_;
  std::unique_ptr<LineProcess> node_;  // started by the process that measures, and kept for all its networks
  int next_id_ = 0;
};

}  // namespace

std::unique_ptr<Engine> make_onnxruntime_web(Description description) {
  const int batch = take_batch(description);
  description.finish();
  if (!web_info().available) throw InputError("onnxruntime_web", web_info().detail);
  return std::make_unique<WebEngine>(batch);
}

DeviceKind onnxruntime_web_kind() { return {"onnxruntime_web", "batch=1", web_info().available, web_info().detail}; }

}  // namespace oneproxy
