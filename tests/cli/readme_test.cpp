#include <gtest/gtest.h>

#include "command.hpp"

namespace oneproxy::test {
namespace {

/// The blocks fenced as ```sh: what a reader may paste into a shell.
std::vector<std::string> shell_blocks(const std::string& text) {
  std::vector<std::string> blocks;
  for (std::size_t at = 0; (at = text.find("\n```sh\n", at)) != std::string::npos;) {
    at += 7;
    const std::size_t end = text.find("\n```", at);
    blocks.push_back(text.substr(at, end + 1 - at));
    at = end;
  }
  return blocks;
}

// Every shell block of the README runs, in its order, in one folder.
TEST(SlowReadme, ShellBlocksRun) {
  const auto blocks = shell_blocks(slurp(ONEPROXY_SOURCE_DIR "/README.md"));
  ASSERT_GE(blocks.size(), 3U);
  const TemporaryFolder folder;
  const auto bin = std::filesystem::path(ONEPROXY_PROGRAM).parent_path();
  for (const auto& block : blocks) {
    std::ofstream(folder / "block.sh") << "set -eu\n" << block;
    const std::string command = "cd " + (folder / "").string() + " && PATH=" + bin.string() + ":$PATH sh block.sh > " +
                                (folder / "out").string() + " 2>&1 < /dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << block << slurp(folder / "out");
  }
  const auto result = nlohmann::json::parse(slurp(folder / "results/result.json"));
  EXPECT_GE(result["front"].size(), 5U);
}

}  // namespace
}  // namespace oneproxy::test
