#include "oneproxy/predict/latency_file.hpp"

#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/predict/gcn.hpp"
#include "oneproxy/predict/kernel_model.hpp"
#include "oneproxy/predict/linear.hpp"
#include "oneproxy/predict/lookup_table.hpp"
#include "oneproxy/predict/mlp.hpp"

namespace oneproxy {

std::string predictor_format(const std::filesystem::path& file) {
  const std::string content = read_file(file);
  auto json = nlohmann::json::parse(content, nullptr, /*allow_exceptions=*/false);
  // A header of one line, and weights after it.
  if (json.is_discarded()) json = nlohmann::json::parse(content.substr(0, content.find('\n')), nullptr, false);
  const auto format = json.is_object() ? json.find("format") : json.end();
  return json.is_object() && format != json.end() && format->is_string() ? format->get<std::string>() : "";
}

std::shared_ptr<const Predictor> load_latency_predictor(const std::filesystem::path& file, SpacePtr space) {
  if (file.extension() == ".onnx") return load_mlp(file, std::move(space));
  if (is_lookup_table(file)) return load_lookup_table(file, std::move(space));
  const std::string format = predictor_format(file);
  if (format == "oneproxy-linear-predictor") {
    return std::make_shared<LinearPredictor>(load_linear_predictor(file, std::move(space)));
  }
  if (format == "oneproxy-kernel-predictor") {
    return std::make_shared<KernelPredictor>(std::move(space), load_kernel_model(file));
  }
  if (format == "oneproxy-gcn-predictor") return load_gcn(file, std::move(space));
  throw InputError(file.string(), "is no latency predictor; expected a file of docs/formats/predictor.md");
}

}  // namespace oneproxy
