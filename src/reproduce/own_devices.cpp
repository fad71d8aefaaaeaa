#include "own_devices.hpp"

#include <algorithm>

#include "on_paper.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/srcc.hpp"
#include "oneproxy/predict/accuracy.hpp"

namespace oneproxy {

using Eigen::Index;

OwnDevices load_own_devices(const ReproduceContext& context) {
  report(context.progress, {"reading " + context.options.models.string(), 0, 1});
  std::string description = read_file(context.models("space.txt"));
  description.erase(description.find_last_not_of(" \n\r\t") + 1);
  OwnDevices own;
  own.space = make_space(description);
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(context.models("latency"), error)) {
    if (entry.path().extension() == ".csv") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  if (files.empty()) throw InputError(context.models("latency").string(), "holds no table of latencies");
  std::vector<ArchTable> tables;
  for (const auto& file : files) tables.push_back(read_arch_table(file, *own.space));
  ArchTable joined = join_tables(tables);
  own.engines = joined.columns;
  std::vector<std::size_t> columns;
  for (const auto& engine : own.engines) columns.push_back(joined.column(engine));
  own.table = rows_with(joined, columns);
  for (const std::size_t column : columns) require_latencies(own.table, column);

  std::vector<std::string> devices{"fpga(design=1)", "fpga(design=6)"};
  for (const auto& roofline : mobile_rooflines()) devices.push_back(roofline);
  own.on_paper = {"FPGA 1", "FPGA 6"};
  for (const auto& name : mobile_names()) own.on_paper.push_back(name);
  const OnPaper paper = compute_on_paper(*own.space, own.table.architectures, devices, context.options.threads);
  const Index measured = own.table.values.cols();
  own.table.values.conservativeResize(Eigen::NoChange, measured + std::ssize(devices));
  own.table.values.rightCols(std::ssize(devices)) = paper.latency_ms;
  own.table.columns.insert(own.table.columns.end(), own.on_paper.begin(), own.on_paper.end());

  own.accuracy = load_accuracy(context.models("accuracy.onnx"), own.space);
  const auto accuracies = (*own.accuracy)(own.table.architectures);
  own.accuracies.assign(accuracies.begin(), accuracies.end());
  return own;
}

LinearPredictor own_predictor(const OwnDevices& own, const std::string& column, std::uint64_t seed) {
  const auto values = own.table.values.col(static_cast<Index>(own.table.column(column)));
  const std::vector<double> latency(values.begin(), values.end());
  return fit_linear(own.space, own.table.architectures, latency, {.seed = seed, .device = column});
}

double srcc_of_columns(const ArchTable& table, const std::string& a, const std::string& b) {
  const auto column = [&](const std::string& name) {
    const auto values = table.values.col(static_cast<Index>(table.column(name)));
    return std::vector<double>(values.begin(), values.end());
  };
  return srcc(column(a), column(b));
}

}  // namespace oneproxy
