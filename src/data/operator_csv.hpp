#pragma once

#include <string>
#include <vector>

#include "oneproxy/data/operator_table.hpp"

namespace oneproxy {

/// What write_operator_csv() wrote. @throws InputError naming `name`, line and column.
std::vector<OperatorLatency> read_operator_csv(const std::string& content, const std::string& name);

}  // namespace oneproxy
