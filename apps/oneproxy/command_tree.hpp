#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

// What the program's options and commands are called, for completion, manual pages and suggestions.
namespace oneproxy::cli {

/// An option as users see it, or a word that stands alone.
struct OptionWords {
  std::vector<std::string> names;    ///< with their dashes; of a word that stands alone its name
  std::string value;                 ///< what it takes, for people; "" for a flag
  std::vector<std::string> choices;  ///< where it takes one of these
  std::string range;                 ///< what its value must be besides, e.g. "6 - 1000000"; "" where nothing is told
  std::string what;
  std::string fallback;  ///< "" where there is none
  bool required = false;
  bool repeats = false;  ///< takes several values
};

/// A command with those under it.
struct CommandWords {
  std::vector<std::string> path;  ///< "oneproxy", "proxy", "fit"
  std::string what;
  std::string footer;
  std::vector<OptionWords> words;  ///< that stand alone, in their order
  std::vector<OptionWords> options;
  std::vector<CommandWords> commands;
};

/// Of a program; the first word of every path is its name.
CommandWords command_words(const CLI::App& app);

/// `message` of a refused command line, with what was probably meant where a command or an option is misspelt.
std::string with_suggestion(const CommandWords& root, int argc, const char* const* argv, const std::string& message);

/// A completion script for "bash", "zsh" or "fish". Precondition: one of these.
std::string completion_script(const CommandWords& root, const std::string& shell);

/// The manual page of a command, in roff's man macros. `version`: of the program.
std::string manual_page(const CommandWords& command, const std::string& version);

/// All commands of a program with their options, in Markdown (docs/reference/).
std::string reference_text(const CommandWords& root);

/// Adds --reference, which prints reference_text() and ends the program.
void add_reference(CLI::App& app);

}  // namespace oneproxy::cli
