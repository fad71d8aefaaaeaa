#include <functional>
#include <sstream>

#include "command_tree.hpp"

namespace oneproxy::cli {
namespace {

std::string joined(const std::vector<std::string>& words, const std::string& between = " ") {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

void for_each(const CommandWords& command, const std::function<void(const CommandWords&)>& visit) {
  visit(command);
  for (const auto& below : command.commands) for_each(below, visit);
}

/// 'text' for a shell.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

/// The branches "path word) path=..." by which bash and zsh find out which command they are in.
std::string command_branches(const CommandWords& root, const std::string& variable, const std::string& word) {
  std::string paths;
  for_each(root, [&](const CommandWords& command) {
    if (command.path.size() > 1) paths += (paths.empty() ? "" : " | ") + quoted(joined(command.path));
  });
  return "    case \"$" + variable + " " + word + "\" in\n      " + paths + ") " + variable + "=\"$" + variable + " " +
         word + "\" ;;\n    esac\n";
}

std::string bash_script(const CommandWords& root) {
  std::ostringstream out;
  out << "# Completion of oneproxy for bash, made by: oneproxy completion bash\n_oneproxy() {\n"
      << "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} where=oneproxy words= i\n"
      << "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      << command_branches(root, "where", "${COMP_WORDS[i]}") << "  done\n  COMPREPLY=()\n"
      << "  case \"$where:$previous\" in\n";
  for_each(root, [&](const CommandWords& command) {
    for (const auto& option : command.options) {
      if (option.value.empty()) continue;
      for (const auto& name : option.names) {
        // Without choices: nothing, so that bash offers files.
        out << "    " << quoted(joined(command.path) + ":" + name) << ") ";
        if (!option.choices.empty()) {
          out << "COMPREPLY=($(compgen -W " << quoted(joined(option.choices)) << " -- \"$current\")); ";
        }
        out << "return ;;\n";
      }
    }
  });
  out << "  esac\n  case \"$where\" in\n";
  for_each(root, [&](const CommandWords& command) {
    std::vector<std::string> words;
    for (const auto& below : command.commands) words.push_back(below.path.back());
    for (const auto& option : command.options) words.push_back(option.names.back());
    out << "    " << quoted(joined(command.path)) << ") words=" << quoted(joined(words)) << " ;;\n";
  });
  out << "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n"
      << "complete -o default -F _oneproxy oneproxy\n";
  return out.str();
}

/// "name:what" for zsh's _describe.
std::string described(const std::string& name, const std::string& what) {
  return quoted(name + ":" + what.substr(0, what.find('\n')));
}

std::string zsh_script(const CommandWords& root) {
  std::ostringstream out;
  out << "#compdef oneproxy\n# Completion of oneproxy for zsh, made by: oneproxy completion zsh\n_oneproxy() {\n"
      << "  local where=oneproxy i\n  local -a items\n  for ((i = 2; i < CURRENT; i++)); do\n"
      << command_branches(root, "where", "${words[i]}") << "  done\n  case \"$where:${words[CURRENT-1]}\" in\n";
  for_each(root, [&](const CommandWords& command) {
    for (const auto& option : command.options) {
      if (option.value.empty()) continue;
      for (const auto& name : option.names) {
        out << "    " << quoted(joined(command.path) + ":" + name) << ") "
            << (option.choices.empty() ? "_files" : "compadd -- " + joined(option.choices)) << "; return ;;\n";
      }
    }
  });
  out << "  esac\n  case \"$where\" in\n";
  for_each(root, [&](const CommandWords& command) {
    std::vector<std::string> items;
    for (const auto& below : command.commands) items.push_back(described(below.path.back(), below.what));
    for (const auto& option : command.options) items.push_back(described(option.names.back(), option.what));
    out << "    " << quoted(joined(command.path)) << ") items=(" << joined(items) << ") ;;\n";
  });
  out << "  esac\n  _describe -o oneproxy items\n}\n_oneproxy \"$@\"\n";
  return out.str();
}

std::string fish_script(const CommandWords& root) {
  std::ostringstream out;
  out << "# Completion of oneproxy for fish, made by: oneproxy completion fish\n";
  for_each(root, [&](const CommandWords& command) {
    std::string condition;
    for (std::size_t i = 1; i < command.path.size(); ++i) {
      condition += (i > 1 ? "; and " : "") + std::string("__fish_seen_subcommand_from ") + command.path[i];
    }
    if (condition.empty()) condition = "__fish_use_subcommand";
    std::vector<std::string> names;
    for (const auto& below : command.commands) names.push_back(below.path.back());
    // A command under this one ends its choice.
    std::string choosing = condition;
    if (command.path.size() > 1 && !names.empty()) choosing += "; and not __fish_seen_subcommand_from " + joined(names);
    for (const auto& below : command.commands) {
      out << "complete -c oneproxy -f -n " << quoted(choosing) << " -a " << below.path.back() << " -d "
          << quoted(below.what) << '\n';
    }
    for (const auto& option : command.options) {
      out << "complete -c oneproxy -n " << quoted(condition);
      for (const auto& name : option.names) {
        out << (name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1));
      }
      if (!option.choices.empty())
        out << " -x -a " << quoted(joined(option.choices));
      else if (!option.value.empty())
        out << " -r";
      out << " -d " << quoted(option.what) << '\n';
    }
  });
  return out.str();
}

}  // namespace

std::string completion_script(const CommandWords& root, const std::string& shell) {
  return shell == "bash" ? bash_script(root) : shell == "zsh" ? zsh_script(root) : fish_script(root);
}

}  // namespace oneproxy::cli
