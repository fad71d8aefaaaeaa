#include "oneproxy/predict/linear.hpp"
#include "oneproxy/predict/mlp.hpp"

namespace oneproxy {

void write_linear_onnx(const std::filesystem::path& file, const LinearPredictor& predictor) {
  DenseLayer layer;
  layer.weight = predictor.weights_ms().cast<float>();
  layer.bias = Eigen::VectorXf::Zero(1);  // the constant's weight is the last row: the encoding ends with a 1
  write_mlp_onnx(file, {layer},
                 {{"space", predictor.space()->description()},
                  {"predicts", "latency in ms"},
                  {"device", predictor.training().device},
                  {"sample_count", std::to_string(predictor.training().sample_count)}});
}

}  // namespace oneproxy
