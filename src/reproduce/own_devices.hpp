#pragma once

#include <memory>
#include <string>
#include <vector>

#include "oneproxy/predict/linear.hpp"
#include "oneproxy/reproduce/figure.hpp"
#include "oneproxy/space/arch_table.hpp"

namespace oneproxy {

/// The task that comes with the project: networks that were measured on all of its devices, and these networks'
/// latencies on devices on paper as further columns.
struct OwnDevices {
  SpacePtr space;
  ArchTable table;
  std::vector<std::string> engines;   ///< columns that were measured, in order of the files' names
  std::vector<std::string> on_paper;  ///< FPGA 1, FPGA 6, S5e, TabA, Lenovo
  std::shared_ptr<const Predictor> accuracy;
  std::vector<double> accuracies;  ///< of the table's rows, predicted, percent
};

/// @throws InputError where the folder has no table of latencies or no accuracy.onnx.
OwnDevices load_own_devices(const ReproduceContext& context);

/// A device's own latency predictor: fitted to its column.
LinearPredictor own_predictor(const OwnDevices& own, const std::string& column, std::uint64_t seed);

/// Recorded latencies of two columns: SRCC.
double srcc_of_columns(const ArchTable& table, const std::string& a, const std::string& b);

}  // namespace oneproxy
