#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// Values that a published file holds, and the networks they are of where it says so itself.
struct ImportedValues {
  std::vector<Architecture> architectures;  ///< empty: values are in the order of another file
  std::vector<double> values;               ///< NaN where missing
};

/// Part of a file: "FILE" or "FILE#key.key", the keys of dictionaries one within the other.
struct FilePart {
  std::filesystem::path file;
  std::vector<std::string> keys;
  static FilePart parse(const std::string& text);
};

/// The architecture of a row of numbers: a published table's fields of the space (SearchSpace::key_field_count), the
/// options of all decisions, or the encoding with or without its constant. @throws InputError where it is none of them.
Architecture architecture_of_row(const SearchSpace& space, std::span<const double> row);

/// Networks of a Python file, in its order: a list or array of rows (architecture_of_row()) or of texts; a dictionary
/// from texts to numbers 0, 1, ..; a dictionary with `arch`, a list of Once-for-All's `ks`, `e`, `d` and `r`; a pandas
/// frame with a column of texts. @throws InputError naming file and place.
std::vector<Architecture> import_architectures(const FilePart& part, const SearchSpace& space);

/// Values of a Python file: a list or array of numbers; a dictionary from architectures (tuples of options or texts) to
/// numbers; a pandas frame's column, named by the last key. `missing` stands for a missing value.
/// @throws InputError naming file and place.
ImportedValues import_values(const FilePart& part, const SearchSpace& space, std::optional<double> missing);

/// What a file holds, one line a piece, for people: shapes of tensors and arrays, columns, keys.
std::vector<std::string> describe_file(const std::filesystem::path& file);

}  // namespace oneproxy
