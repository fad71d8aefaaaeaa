#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "oneproxy/pipeline/result.hpp"

// Parts of result.json that several files of this room write.
namespace oneproxy {

/// JSON has no NaN and no infinity: they become null.
nlohmann::json finite_json(double value);
nlohmann::json srcc_json(const std::optional<SrccEstimate>& estimate);
nlohmann::json latency_json(const Measurement& measurement);

/// What a run cost: networks measured, the seconds that took, and how many a predictor of its own needs.
nlohmann::json cost_json(const RunResult& result);
/// Adds what only a report shows (RunResult::evidence must be there) to the result and its samples.
void add_evidence(nlohmann::json& json, const RunResult& result);

}  // namespace oneproxy
