#pragma once

#include <string>
#include <vector>

#include "cli.hpp"
#include "oneproxy/space/search_space.hpp"

namespace oneproxy::cli {

/// Prints for each device on paper what limits each layer of `x`.
/// @throws InputError for a device that measures: it cannot tell.
void explain(const std::vector<std::string>& devices, const SearchSpace& space, const Architecture& x,
             const Common& common);

}  // namespace oneproxy::cli
