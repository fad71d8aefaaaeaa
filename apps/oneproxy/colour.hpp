#pragma once

#include <string>

namespace oneproxy::cli {

/// A summary (summary_text) with its marks and headings in colour, or as it is where none is wanted.
std::string coloured_summary(const std::string& summary);

}  // namespace oneproxy::cli
