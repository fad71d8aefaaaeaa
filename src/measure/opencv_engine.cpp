#include "batch.hpp"
#include "engines.hpp"
#include "oneproxy/base/error.hpp"

#ifdef ONEPROXY_HAS_OPENCV

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>

#include "oneproxy/space/onnx.hpp"
#include "output_check.hpp"

namespace oneproxy {
namespace {

/// The model in a dialect that OpenCV 4.6 reads: opset 10, where Clip has attributes in place of inputs; and the gate
/// of a hard swish as the first factor, since OpenCV takes a second one for something else without a word.
std::string for_opencv(const std::string& onnx) {
  onnx::ModelProto model;
  model.ParseFromString(onnx);
  model.mutable_opset_import(0)->set_version(10);
  auto& graph = *model.mutable_graph();
  std::map<std::string, float> scalars;
  std::map<std::string, std::string> type_of;  // of the node that makes a value
  for (const auto& tensor : graph.initializer()) {
    float value = 0;
    if (tensor.dims_size() != 0 || tensor.raw_data().size() != sizeof value) continue;
    std::memcpy(&value, tensor.raw_data().data(), sizeof value);
    scalars[tensor.name()] = value;
  }
  for (auto& node : *graph.mutable_node()) {
    type_of[node.output(0)] = node.op_type();
    if (node.op_type() == "Mul" && type_of[node.input(1)] == "HardSigmoid") node.mutable_input()->SwapElements(0, 1);
    if (node.op_type() != "Clip" || node.input_size() != 3) continue;
    for (const auto& [name, index] : {std::pair{"min", 1}, {"max", 2}}) {
      auto& attribute = *node.add_attribute();
      attribute.set_name(name);
      attribute.set_type(onnx::AttributeProto::FLOAT);
      attribute.set_f(scalars.at(node.input(index)));
    }
    node.mutable_input()->DeleteSubrange(1, 2);
  }
  return model.SerializeAsString();
}

class OpenCvSession final : public Session {
 public:
  OpenCvSession(cv::dnn::Net net, const Shape& input, int batch)
      : net_(std::move(net)), shape_{batch, input.channels, input.height, input.width} {}

  void run(std::span<const float> input, std::span<float> output) override {
    try {
      const cv::Mat image(4, shape_, CV_32F, const_cast<float*>(input.data()));
      net_.setInput(image);
      const cv::Mat result = net_.forward();
      if (result.total() != output.size() || !result.isContinuous()) {
        throw InputError("opencv", "gives an output of " + std::to_string(result.total()) + " values; expected " +
                                       std::to_string(output.size()));
      }
      std::memcpy(output.data(), result.ptr<float>(), output.size_bytes());
    } catch (const cv::Exception& error) {
      throw InputError("opencv", error.err);
    }
  }

 private:
  cv::dnn::Net net_;
  int shape_[4];
};

class OpenCvEngine final : public Engine {
 public:
  OpenCvEngine(int threads, int batch)
      : threads_(threads),
        batch_(batch),
        description_("opencv(threads=" + std::to_string(threads) + batch_text(batch) + ")") {}

  const std::string& description() const override { return description_; }
  std::string version() const override { return "OpenCV " + cv::getVersionString(); }
  int threads() const override { return threads_; }
  int batch() const override { return batch_; }

  std::unique_ptr<Session> load(const Network& network, const Weights& weights) override {
    cv::setNumThreads(threads_);
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    const std::string onnx = onnx_bytes(network, weights);
    const std::string dialect = for_opencv(with_batch(onnx, batch_));
    try {
      cv::dnn::Net net = cv::dnn::readNetFromONNX(dialect.data(), dialect.size());
      net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
      net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
      auto session = std::make_unique<OpenCvSession>(std::move(net), network.layers.front().out, batch_);
      require_same_outputs(*session, onnx, network, "opencv", batch_);
      return session;
    } catch (const cv::Exception& error) {
      std::string words = error.err;
      std::ranges::replace(words, '\n', ' ');
      throw InputError("opencv", "cannot read the network: " + words);
    }
  }

 private:
  int threads_;
  int batch_;
  std::string description_;
};

}  // namespace

std::unique_ptr<Engine> make_opencv(Description description) {
  const int threads = description.take_int("threads", 1, 1, 1024);
  const int batch = take_batch(description);
  description.finish();
  return std::make_unique<OpenCvEngine>(threads, batch);
}

DeviceKind opencv_kind() { return {"opencv", "threads=1, batch=1", true, "OpenCV " + cv::getVersionString()}; }

}  // namespace oneproxy

#else

namespace oneproxy {

constexpr const char* how_to_get = "this build has no OpenCV; install libopencv-dnn-dev and build again";

std::unique_ptr<Engine> make_opencv(Description) { throw InputError("opencv", how_to_get); }
DeviceKind opencv_kind() { return {"opencv", "threads=1, batch=1", false, how_to_get}; }

}  // namespace oneproxy

#endif
