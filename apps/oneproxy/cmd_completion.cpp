#include <iostream>
#include <memory>

#include "cli.hpp"
#include "command_tree.hpp"

namespace oneproxy::cli {
void add_completion(CLI::App& app, Common&) {
  auto shell = std::make_shared<std::string>();
  auto* command = app.add_subcommand("completion", "Print the completion script of a shell");
  command->footer(
      "Example:\n  oneproxy completion bash > ~/.local/share/bash-completion/completions/oneproxy\n"
      "  oneproxy completion zsh > ~/.zfunc/_oneproxy\n  oneproxy completion fish > "
      "~/.config/fish/completions/oneproxy.fish");
  command->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, shell] { std::cout << completion_script(command_words(app), *shell); });
}

}  // namespace oneproxy::cli
