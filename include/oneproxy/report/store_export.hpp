#pragma once

#include <span>
#include <string>

#include "oneproxy/store/store.hpp"

namespace oneproxy {

/// One line for each measurement, with its run's space and device; texts are quoted where they must be (RFC 4180).
std::string store_csv(std::span<const StoredRun> runs, std::span<const StoredMeasurement> measurements);
/// One JSON object a line: the same, the conditions and every timed run.
std::string store_jsonl(std::span<const StoredRun> runs, std::span<const StoredMeasurement> measurements);
/// The same as a Parquet file, one row for each measurement (docs/formats/store.md).
/// @throws InputError where DuckDB's shared library, which writes it, is absent or fails.
std::string store_parquet(std::span<const StoredRun> runs, std::span<const StoredMeasurement> measurements);

}  // namespace oneproxy
