#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/store/store.hpp"

namespace oneproxy {

/// The measurements of `xs` in their order: those that `store` holds for this run and role, the others made now and
/// stored one by one as soon as they are made. `step` names the work in progress reports.
std::vector<Measurement> measure_missing(Device& device, const SearchSpace& space, std::span<const Architecture> xs,
                                         const Protocol& protocol, Store& store, std::int64_t run,
                                         std::string_view role, std::string_view step,
                                         const ProgressCallback& progress);

}  // namespace oneproxy
