#pragma once

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <string>

namespace oneproxy {

/// CLI11's ranges let NaN through, and a negative number given for one that cannot be comes out as a huge one. Every
/// option of `app` and of its subcommands that takes a number refuses both.
inline void refuse_odd_numbers(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const std::string type = option->get_type_name();
    if (type.starts_with("FLOAT")) {
      option->check([](const std::string& text) {
        return std::isfinite(std::strtod(text.c_str(), nullptr)) ? "" : "expected a finite number, got " + text;
      });
    } else if (type.starts_with("UINT")) {
      option->check(
          [](const std::string& text) { return text.starts_with('-') ? "expected a number >= 0, got " + text : ""; });
    }
  }
  for (CLI::App* command : app.get_subcommands({})) refuse_odd_numbers(*command);
}

}  // namespace oneproxy
