#include <algorithm>
#include <sstream>

#include "command_tree.hpp"

namespace oneproxy::cli {
namespace {

/// Text as roff shows it unchanged.
std::string plain(const std::string& text) {
  std::string result;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else
      result += c;
    line_start = c == '\n';
  }
  return result;
}

std::string name_of(const CommandWords& command, const char* between) {
  std::string name;
  for (const auto& word : command.path) name += (name.empty() ? "" : between) + word;
  return name;
}

void options_into(std::ostringstream& out, const std::vector<OptionWords>& options) {
  for (const auto& option : options) {
    out << ".TP\n.B ";
    for (std::size_t i = 0; i < option.names.size(); ++i) out << (i > 0 ? ", " : "") << plain(option.names[i]);
    std::string value = option.value;
    if (!option.choices.empty()) {
      value.clear();
      for (const auto& choice : option.choices) value += (value.empty() ? "" : "|") + choice;
    }
    if (!value.empty()) out << " \\fI" << plain(value) << "\\fR";
    out << '\n' << plain(option.what);
    if (!option.fallback.empty()) out << (option.what.empty() ? "" : ". ") << "Default: " << plain(option.fallback);
    out << ".\n";
  }
}

}  // namespace

std::string manual_page(const CommandWords& command, const std::string& version) {
  std::ostringstream out;
  std::string title = name_of(command, "-");
  const std::string name = title;
  std::ranges::transform(title, title.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string what = command.what;
  if (what.ends_with('.')) what.pop_back();
  out << ".TH " << plain(title) << " 1 \"\" \"oneproxy " << plain(version) << "\" \"User Commands\"\n";
  out << ".SH NAME\n" << plain(name) << " \\- " << plain(what) << '\n';
  out << ".SH SYNOPSIS\n.B " << plain(name_of(command, " ")) << '\n';
  if (!command.commands.empty()) out << "\\fICOMMAND\\fR\n";
  for (const auto& word : command.words) out << "\\fI" << plain(word.names.front()) << "\\fR\n";
  out << "[\\fIOPTIONS\\fR]\n";
  if (!command.commands.empty()) {
    out << ".SH COMMANDS\n";
    for (const auto& below : command.commands) {
      out << ".TP\n.B " << plain(below.path.back()) << '\n' << plain(below.what) << ".\n";
    }
  }
  if (!command.words.empty()) out << ".SH ARGUMENTS\n";
  options_into(out, command.words);
  out << ".SH OPTIONS\n";
  options_into(out, command.options);
  if (!command.footer.empty()) out << ".SH NOTES\n.nf\n" << plain(command.footer) << "\n.fi\n";
  out << ".SH EXIT STATUS\n0 where it succeeded, 2 where the command line, a file or the machine is at fault (standard "
         "error says which), 130 after Ctrl\\-C.\n";
  out << ".SH ENVIRONMENT\n.TP\n.B ONEPROXY_MODELS\nFolder of the models that come with the program.\n"
         ".TP\n.B ONNXRUNTIME_ROOT\nAn unpacked release of ONNX Runtime.\n"
         ".TP\n.B NO_COLOR\nWhere it is set and not empty, nothing is printed in colour.\n";
  if (command.path.size() > 1) out << ".SH SEE ALSO\n.BR oneproxy (1)\n";
  return out.str();
}

}  // namespace oneproxy::cli
