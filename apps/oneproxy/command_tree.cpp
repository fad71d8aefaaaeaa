#include "command_tree.hpp"

#include <algorithm>
#include <string_view>

#include "oneproxy/base/error.hpp"

namespace oneproxy::cli {
namespace {

/// "a|b [b]" and "TEXT:{a,b}" name choices; anything else does not.
std::vector<std::string> choices_of(std::string text) {
  char separator = ',';
  if (const auto open = text.find('{'); open != std::string::npos) {
    text = text.substr(open + 1, text.find('}') - open - 1);
  } else if (text.find('|') != std::string::npos) {
    text = text.substr(0, text.find(" ["));
    separator = '|';
  } else {
    return {};
  }
  std::vector<std::string> choices;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(separator, begin), text.size());
    choices.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return choices;
}

/// What a value must be, of a type as CLI11 tells it: "INT:INT in [6 - 10]" is "6 - 10", "INT:POSITIVE" "positive".
std::string range_of(const std::string& type) {
  const auto colon = type.find(':');
  if (colon == std::string::npos) return "";
  std::string range = type.substr(colon + 1);
  if (const auto open = range.find('['); open != std::string::npos) {
    return range.substr(open + 1, range.find(']') - open - 1);
  }
  if (range == "POSITIVE") return "> 0";
  if (range == "NONNEGATIVE") return ">= 0";
  return "";
}

OptionWords option_words(const CLI::Option& option) {
  OptionWords words;
  for (const auto& name : option.get_snames()) words.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) words.names.push_back("--" + name);
  if (words.names.empty()) words.names.push_back(option.get_name());
  words.what = option.get_description();
  words.fallback = option.get_default_str();
  words.required = option.get_required();
  if (option.get_items_expected_max() == 0) return words;
  words.repeats = option.get_items_expected_max() > 1;
  const std::string& given = option.get_option_text();
  const std::string type = given.empty() ? option.get_type_name() : given;
  words.choices = choices_of(type);
  words.value = given.empty() ? type.substr(0, type.find(':')) : "VALUE";
  if (words.choices.empty()) words.range = range_of(type);
  return words;
}

CommandWords words_of(const CLI::App& app, std::vector<std::string> path) {
  CommandWords words{.path = std::move(path),
                     .what = app.get_description(),
                     .footer = app.get_footer(),
                     .words = {},
                     .options = {},
                     .commands = {}};
  for (const auto* option : app.get_options()) {
    // "space,--space" is both; it is told as the option.
    const bool named = !option->get_snames().empty() || !option->get_lnames().empty();
    (named ? words.options : words.words).push_back(option_words(*option));
  }
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    auto below = words.path;
    below.push_back(command->get_name());
    words.commands.push_back(words_of(*command, std::move(below)));
  }
  return words;
}

}  // namespace

CommandWords command_words(const CLI::App& app) { return words_of(app, {app.get_name()}); }

std::string with_suggestion(const CommandWords& root, int argc, const char* const* argv, const std::string& message) {
  const CommandWords* here = &root;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") return message;
    if (!word.starts_with("-")) {
      if (here->commands.empty()) continue;  // a value
      std::vector<std::string> names;
      for (const auto& command : here->commands) names.push_back(command.path.back());
      if (here == &root) names.emplace_back("train");
      const auto found = std::ranges::find(names, word);
      if (found == names.end()) {
        const std::string kind = here == &root ? "command" : here->path.back() + " command";
        return "unknown " + kind + " '" + std::string(word) + "'" + suggestion(word, names);
      }
      const auto index = static_cast<std::size_t>(found - names.begin());
      if (index == here->commands.size()) return message;
      here = &here->commands[index];
      continue;
    }
    if (!word.starts_with("--")) continue;  // short ones are too short to be guessed
    const std::string name(word.substr(0, word.find('=')));
    std::vector<std::string> names;
    for (const auto& option : here->options) names.insert(names.end(), option.names.begin(), option.names.end());
    if (std::ranges::find(names, name) == names.end()) {
      return "unknown option '" + name + "'" + suggestion(name, names);
    }
  }
  return message;
}

}  // namespace oneproxy::cli
