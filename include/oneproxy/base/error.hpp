#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace oneproxy {

/// What the world or the user can cause: a missing file, a bad field, an unknown name, a lost device.
/// The message is one line that names the place (file, line, field) and what was expected there.
/// The command line prints it as it is and exits with status 2. Our own faults are assertions.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;

  /// "where: what", e.g. InputError("samples.csv, line 12, column onednn", "'-3' is not a latency in ms (> 0)").
  InputError(std::string_view where, std::string_view what);
};

/// Thrown where a progress callback asked to stop.
class Stopped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// "; did you mean 'near'?" for the entry of `known` nearest to `name`, or "" where none is near.
std::string suggestion(std::string_view name, std::span<const std::string> known);

}  // namespace oneproxy
