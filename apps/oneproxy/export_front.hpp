#pragma once

#include <filesystem>
#include <string>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/pipeline/result.hpp"

namespace oneproxy::cli {

struct ExportOptions {
  std::filesystem::path checkpoint;  ///< of a supernet; empty: random weights
  std::filesystem::path data;
};

/// @throws InputError where a checkpoint is given but missing, or the program that reads it is.
void check(const ExportOptions& options);

/// Writes front-01.onnx, ... into `folder` and their names into the result, and front-01.config, ... where net_config()
/// has a form for them. With a checkpoint the networks have the
/// supernet's weights, and their true accuracies go into the result.
void export_front(RunResult& result, const std::filesystem::path& folder, const ExportOptions& options,
                  const ProgressCallback& progress);

}  // namespace oneproxy::cli
