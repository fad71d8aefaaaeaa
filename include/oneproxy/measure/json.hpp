#pragma once

#include <nlohmann/json_fwd.hpp>

#include "oneproxy/measure/device.hpp"
#include "oneproxy/measure/measurement.hpp"

namespace oneproxy {

// Objects with the fields' own names, as they stand in stores and reports. Reading takes the default where a field is
// missing and throws nlohmann::json::exception where it has another type.
void to_json(nlohmann::json& json, const Protocol& protocol);
void from_json(const nlohmann::json& json, Protocol& protocol);
void to_json(nlohmann::json& json, const MachineFacts& facts);
void from_json(const nlohmann::json& json, MachineFacts& facts);
/// All but the architecture.
void to_json(nlohmann::json& json, const Measurement& measurement);
void from_json(const nlohmann::json& json, Measurement& measurement);

/// What a measurement holds besides its times: cold run, disturbed runs, drift, the machine's state, outliers.
nlohmann::json conditions(const Measurement& measurement);
void read_conditions(const nlohmann::json& json, Measurement& measurement);

}  // namespace oneproxy
