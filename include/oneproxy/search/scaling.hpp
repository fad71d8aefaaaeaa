#pragma once

#include <vector>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// The paper's baseline 2: an architecture made deeper or shallower by at most `max_steps` blocks, in every way to
/// spread them over the stages; x itself comes first, none twice. A step is to the next option of a decision named
/// depth.*; a block that is new is like the block before it (decision name.N takes the option of name.N-1).
/// @throws InputError where the space has no decision depth.*.
std::vector<Architecture> scale_depth(const SearchSpace& space, const Architecture& x, int max_steps = 2);

}  // namespace oneproxy
