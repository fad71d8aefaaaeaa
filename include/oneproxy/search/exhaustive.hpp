#pragma once

#include <span>

#include "oneproxy/base/progress.hpp"
#include "oneproxy/search/candidate.hpp"

namespace oneproxy {

/// The front of a given set of architectures, each evaluated once (the paper: 10,000 random ones, or all of a small
/// space). `xs` are canonical.
Front search_exhaustive(const SearchProblem& problem, std::span<const Architecture> xs,
                        const ProgressCallback& progress = {});

/// The most accurate of a front within a latency limit (Eqns. (1) and (2)); nullptr where none is.
const Candidate* best_within(const Front& front, double limit_ms);

}  // namespace oneproxy
