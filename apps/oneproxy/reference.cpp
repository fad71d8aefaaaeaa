#include <sstream>

#include "command_tree.hpp"

namespace oneproxy::cli {
namespace {

/// Text as a cell of a table shows it unchanged.
std::string cell(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*' || c == '_') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

std::string code(const std::string& text) {
  std::string result = "`";
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result + "`";
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

/// "INT, 6 - 1000000", "`a`, `b`" or "" for a flag.
std::string value_of(const OptionWords& option) {
  std::string value;
  if (!option.choices.empty()) {
    for (const auto& choice : option.choices) value += (value.empty() ? "" : ", ") + code(choice);
  } else {
    value = cell(option.value);
    if (!option.range.empty()) value += (option.range.starts_with('>') ? " " : ", ") + option.range;
  }
  return option.repeats ? value + "; several" : value;
}

void table_into(std::ostringstream& out, const char* title, const std::vector<OptionWords>& options) {
  if (options.empty()) return;
  out << "\n| " << title << " | takes | what | default |\n|---|---|---|---|\n";
  for (const auto& option : options) {
    out << "| " << code(joined(option.names, ", ")) << " | " << value_of(option) << " | " << cell(option.what)
        << (option.required ? " (required)" : "") << " | " << (option.fallback.empty() ? "" : code(option.fallback))
        << " |\n";
  }
}

void command_into(std::ostringstream& out, const CommandWords& command) {
  const std::string name = joined(command.path, " ");
  out << "\n## " << name << "\n\n"
      << command.what << (command.what.ends_with('.') ? "" : ".") << "\n\n```text\n"
      << name;
  if (!command.commands.empty()) out << " COMMAND";
  for (const auto& word : command.words) out << ' ' << word.names.front();
  out << " [OPTIONS]\n```\n";
  if (!command.commands.empty()) {
    out << '\n';
    for (const auto& below : command.commands) out << "- " << code(below.path.back()) << ": " << below.what << '\n';
  }
  table_into(out, "argument", command.words);
  table_into(out, "option", command.options);
  if (!command.footer.empty()) out << "\n```text\n" << command.footer << "\n```\n";
  for (const auto& below : command.commands) command_into(out, below);
}

}  // namespace

std::string reference_text(const CommandWords& root) {
  const std::string name = joined(root.path, " ");
  std::ostringstream out;
  out << "# Reference of `" << name << "`\n\nMade by `" << name
      << " --reference`; the target `reference` writes it anew, and a test compares it with the program.\n";
  command_into(out, root);
  return out.str();
}

void add_reference(CLI::App& app) {
  app.add_flag_callback(
         "--reference", [&app] { throw CLI::CallForVersion(reference_text(command_words(app)), 0); },
         "Print all commands with their options, as Markdown")
      ->trigger_on_parse();
}

}  // namespace oneproxy::cli
