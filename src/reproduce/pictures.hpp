#pragma once

#include <span>
#include <string>

#include "oneproxy/reproduce/figure.hpp"

namespace oneproxy {

/// Targets against before, Eqn. (3), posterior and the paper's values, coloured.
ReproducedPicture adaptation_picture(const std::string& name, const std::string& title,
                                     std::span<const ReproducedRow> rows);

}  // namespace oneproxy
