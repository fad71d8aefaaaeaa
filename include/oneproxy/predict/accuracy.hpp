#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "oneproxy/predict/predictor.hpp"
#include "oneproxy/space/arch_table.hpp"

namespace oneproxy {

/// Predicts what a table says, accuracies or latencies. Safe from any thread.
class TablePredictor final : public Predictor {
 public:
  /// `column` is one of the table's, with a value for every architecture.
  TablePredictor(SpacePtr space, const ArchTable& table, std::size_t column);
  ~TablePredictor() override;

  /// @throws InputError naming the file and the architecture, where the table lacks one.
  void predict(std::span<const Architecture> xs, std::span<float> out) const override;
  /// The table's rows in their order: what an exhaustive search can run over.
  const std::vector<Architecture>& architectures() const { return architectures_; }

 private:
  struct Index;

  SpacePtr space_;
  std::string file_;
  std::vector<Architecture> architectures_;
  std::vector<float> values_;
  std::unique_ptr<const Index> index_;
};

/// Accuracies in percent, given by the user (docs/formats/accuracy.md). `file` is
/// - NAME.csv: a table of architectures; `column` or, where that is "", "accuracy" or the only column there is;
/// - NAME.onnx: a model from the encoding (n x feature_count, fp32) to n or n x 1. A chain of Gemm and Relu is computed
///   here (MlpPredictor); any other graph needs ONNX Runtime;
/// - python:MODULE.FUNCTION or command(run=...): code of the user's, which is asked for every architecture once.
/// @throws InputError naming file, line and column: an accuracy that is missing or not within 0..100; a table or model
/// of another space; a model of other inputs or outputs; another kind of file. A model that predicts no finite number
/// throws when it does.
std::shared_ptr<const Predictor> load_accuracy(const std::filesystem::path& file, SpacePtr space,
                                               std::string_view column = "");

/// The architectures that `predictor` knows: a table's rows; nullptr where it knows all of the space.
const std::vector<Architecture>* accuracy_architectures(const Predictor& predictor);

/// @throws InputError for the first value of `column` that is missing or not within 0..100.
void require_accuracies(const ArchTable& table, std::size_t column);

}  // namespace oneproxy
