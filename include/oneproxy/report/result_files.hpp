#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "oneproxy/pipeline/result.hpp"

namespace oneproxy {

/// Names and versions of what took part, e.g. {"oneproxy", "0.1.0"}.
using Versions = std::vector<std::pair<std::string, std::string>>;

/// The content of result.json (docs/formats/result.md).
nlohmann::json result_json(const RunResult& result, const Versions& versions);

/// One row for each network of the front, then the removed ones: on_front, accuracy, latency, architecture, file.
std::string front_csv(const RunResult& result);

/// The result in words and one table, at most 100 columns wide where architectures are not counted.
std::string summary_text(const RunResult& result);

/// Writes result.json, front.csv and summary.txt into `folder`. @throws InputError where one cannot be written whole.
void write_result_files(const std::filesystem::path& folder, const RunResult& result, const Versions& versions);

}  // namespace oneproxy
