#pragma once

#include <optional>

#include "oneproxy/data/tensors.hpp"

namespace oneproxy {

/// A pandas frame: its columns, each of numbers or of texts.
struct Frame {
  struct Column {
    std::string name;
    std::vector<double> numbers;
    std::vector<std::string> texts;  ///< empty where it is of numbers
  };
  std::vector<Column> columns;
};

/// Nothing where `index` is no frame. @throws InputError where it is one of another form.
std::optional<Frame> read_frame(const PythonFile& file, Pickle::Index index);

}  // namespace oneproxy
