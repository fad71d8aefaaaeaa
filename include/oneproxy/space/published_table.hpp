#pragma once

#include <filesystem>

#include "oneproxy/space/arch_table.hpp"

namespace oneproxy {

/// A table as others publish them: CSV with a header; the first SearchSpace::key_field_count() columns are the
/// architecture (one where the header begins with `architecture`, as in our own format), the others devices. Lines
/// that begin with # before the header (notes, as in our own format), quotes around fields and, where no
/// note names the space, a missing newline at the end are accepted, an empty field or `nan` is a missing value (NaN),
/// and an architecture may stand more than once.
/// @throws InputError naming file, line and column.
ArchTable read_published_table(const std::filesystem::path& file, const SearchSpace& space);

}  // namespace oneproxy
