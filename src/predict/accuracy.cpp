#include "oneproxy/predict/accuracy.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "asked_accuracy.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/ort.hpp"
#include "oneproxy/predict/mlp.hpp"

namespace oneproxy {
namespace {

/// Any ONNX graph from the encoding to one number, in ONNX Runtime.
class OrtPredictor final : public Predictor {
 public:
  OrtPredictor(const std::filesystem::path& file, SpacePtr space)
      : space_(std::move(space)), file_(file.string()), session_(read_file(file), file_, OrtOptions{}) {
    const auto width = static_cast<std::int64_t>(space_->feature_count());
    const auto& inputs = session_.inputs();
    if (inputs.size() != 1 || inputs[0].shape.size() != 2 ||
        (inputs[0].shape[1] != width && inputs[0].shape[1] != -1)) {
      throw InputError(file_, "expected one input of n x " + std::to_string(width) + " (the encoding of the space)");
    }
    const auto& outputs = session_.outputs();
    if (outputs.empty() || outputs[0].shape.empty() || outputs[0].shape.size() > 2 ||
        (outputs[0].shape.size() == 2 && outputs[0].shape[1] != 1 && outputs[0].shape[1] != -1)) {
      throw InputError(file_, "expected an output of n or n x 1");
    }
    if (inputs[0].shape[0] > 0) fixed_rows_ = static_cast<std::size_t>(inputs[0].shape[0]);
  }

  void predict(std::span<const Architecture> xs, std::span<float> out) const override {
    assert(xs.size() == out.size());
    // Always the same number of rows, so that a prediction does not depend on the size of the batch.
    const std::size_t chunk = fixed_rows_ > 0 ? fixed_rows_ : 128;
    const auto width = static_cast<Eigen::Index>(space_->feature_count());
    std::vector<float> values(chunk);
    for (std::size_t begin = 0; begin < xs.size(); begin += chunk) {
      const std::size_t count = std::min(chunk, xs.size() - begin);
      FeatureMatrix features = FeatureMatrix::Zero(static_cast<Eigen::Index>(chunk), width);
      features.topRows(static_cast<Eigen::Index>(count)) = space_->encode(xs.subspan(begin, count));
      const std::int64_t shape[] = {static_cast<std::int64_t>(chunk), width};
      session_.run({features.data(), static_cast<std::size_t>(features.size())}, shape, values);
      std::copy_n(values.begin(), count, out.begin() + static_cast<std::ptrdiff_t>(begin));
    }
    for (std::size_t i = 0; i < xs.size(); ++i) {
      if (!std::isfinite(out[i])) throw InputError(file_, "predicts no finite number for " + space_->text(xs[i]));
    }
  }

 private:
  SpacePtr space_;
  std::string file_;
  mutable OrtSession session_;  // run() is safe from any thread
  std::size_t fixed_rows_ = 0;
};

std::shared_ptr<const Predictor> load_table(const std::filesystem::path& file, SpacePtr space,
                                            std::string_view column) {
  const ArchTable table = read_arch_table(file, *space);
  if (table.architectures.empty()) throw InputError(file.string(), "has no architectures");
  const bool only = column.empty() && table.columns.size() == 1;
  const std::size_t index = only ? 0 : table.column(column.empty() ? "accuracy" : column);
  require_accuracies(table, index);
  return std::make_shared<TablePredictor>(std::move(space), table, index);
}

}  // namespace

std::shared_ptr<const Predictor> load_accuracy(const std::filesystem::path& file, SpacePtr space,
                                               std::string_view column) {
  if (is_asked_accuracy(file.string())) return make_asked_accuracy(file.string(), std::move(space));
  if (file.extension() == ".csv") return load_table(file, std::move(space), column);
  if (file.extension() != ".onnx")
    throw InputError(file.string(),
                     "expected a table (.csv), a model (.onnx), python:MODULE.FUNCTION or command(run=...)");
  if (is_mlp_onnx(file)) return load_mlp(file, std::move(space));
  require_space(file, read_onnx_metadata(file), *space);
  return std::make_shared<OrtPredictor>(file, std::move(space));
}

}  // namespace oneproxy
