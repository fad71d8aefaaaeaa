#pragma once

#include <cstddef>
#include <string_view>

#include "oneproxy/space/arch_table.hpp"

namespace oneproxy {

/// Adds what a line "# key: value" before the header says to the table's notes; a line without a colon says nothing.
/// @throws InputError where it declares another space.
void take_note(std::string_view line, std::size_t number, const SearchSpace& space, ArchTable& table);

}  // namespace oneproxy
