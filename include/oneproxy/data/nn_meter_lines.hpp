#pragma once

#include "oneproxy/data/latency_matrix.hpp"

namespace oneproxy {

/// nn-Meter's benchmark: one JSON object a line with the network's `id` and the devices' latencies as numbers beside
/// other fields (the graph). `missing` stands for a missing value. @throws InputError naming file and line.
LatencyMatrix read_nn_meter_lines(const std::filesystem::path& file, std::optional<double> missing);

/// As CSV that read_latency_matrix() reads. @throws InputError where it cannot be written whole.
void write_latency_matrix(const std::filesystem::path& file, const LatencyMatrix& table);

}  // namespace oneproxy
