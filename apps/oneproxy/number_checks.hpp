#pragma once

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <string>

namespace oneproxy {

/// CLI11's ranges let NaN through, a negative number given for one that cannot be comes out as a huge one, and what
/// PositiveNumber refuses is told with all 309 digits of the largest number. Every option of `app` and of its
/// subcommands that takes a number refuses them in words.
inline void refuse_odd_numbers(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const std::string type = option->get_type_name();
    if (type.find(":POSITIVE") != std::string::npos) {  // before the option's own check
      option->transform(CLI::Validator(
          [](const std::string& text) {
            return std::strtod(text.c_str(), nullptr) > 0 ? "" : "expected a number > 0, got " + text;
          },
          ""));
    }
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
