#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli.hpp"
#include "command_tree.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "version.hpp"

namespace oneproxy::cli {
namespace {

/// The command of that path below `root`, e.g. {"proxy", "fit"}.
const CommandWords& find(const CommandWords& root, const std::vector<std::string>& path) {
  const CommandWords* here = &root;
  for (const auto& word : path) {
    std::vector<std::string> names;
    for (const auto& command : here->commands) names.push_back(command.path.back());
    const auto found = std::ranges::find(names, word);
    if (found == names.end()) throw InputError("manual", "unknown command '" + word + "'" + suggestion(word, names));
    here = &here->commands[static_cast<std::size_t>(found - names.begin())];
  }
  return *here;
}

/// Writes oneproxy.1, oneproxy-run.1 ... of `command` and all below it.
void write_pages(const CommandWords& command, const std::filesystem::path& folder) {
  std::string name;
  for (const auto& word : command.path) name += (name.empty() ? "" : "-") + word;
  write_file(folder / (name + ".1"), manual_page(command, version));
  for (const auto& below : command.commands) write_pages(below, folder);
}

}  // namespace

void add_manual(CLI::App& app, Common&) {
  auto path = std::make_shared<std::vector<std::string>>();
  auto* command = app.add_subcommand("manual", "Print a manual page (man reads it)");
  command->footer("Example:\n  oneproxy manual run | man -l -");
  command->add_option("command", *path, "Command that it describes (default: the program)")->expected(0, 2);
  auto folder = std::make_shared<std::filesystem::path>();
  command->add_option("--folder", *folder, "Write the pages of all commands into this folder");
  command->callback([&app, path, folder] {
    if (!folder->empty()) return write_pages(command_words(app), *folder);
    std::cout << manual_page(find(command_words(app), *path), version);
  });
  add_reference(app);
}

}  // namespace oneproxy::cli
