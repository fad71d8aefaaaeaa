#pragma once

#include "oneproxy/measure/device.hpp"
#include "oneproxy/space/arch_table.hpp"

namespace oneproxy {

/// The table that a device table(FILE) replays, whose architectures alone it can measure; nullptr for any other device.
/// Valid as long as the device, until it is used with another space.
/// @throws InputError where the file is no table of latencies of `space`, naming line and column.
const ArchTable* recorded_table(Device& device, const SearchSpace& space);

}  // namespace oneproxy
