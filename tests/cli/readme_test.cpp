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

/// Runs the shell blocks of a document in its order, in one folder.
void run_blocks(const std::string& document, const TemporaryFolder& folder) {
  const auto blocks = shell_blocks(slurp(std::filesystem::path(ONEPROXY_SOURCE_DIR) / document));
  ASSERT_FALSE(blocks.empty());
  const auto bin = std::filesystem::path(ONEPROXY_PROGRAM).parent_path();
  for (const auto& block : blocks) {
    std::ofstream(folder / "block.sh") << "set -eu\n" << block;
    const std::string command = "cd " + (folder / "").string() + " && PATH=" + bin.string() + ":$PATH sh block.sh > " +
                                (folder / "out").string() + " 2>&1 < /dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << block << slurp(folder / "out");
  }
}

TEST(SlowReadme, ShellBlocksRun) {
  const TemporaryFolder folder;
  run_blocks("README.md", folder);
  const auto result = nlohmann::json::parse(slurp(folder / "results/result.json"));
  EXPECT_GE(result["front"].size(), 5U);
}

class SlowGuide : public testing::TestWithParam<std::string> {};

TEST_P(SlowGuide, ShellBlocksRun) {
  const TemporaryFolder folder;
  run_blocks("docs/guide/" + GetParam() + ".md", folder);
}

/// The pages of the guide that have shell blocks.
std::vector<std::string> guides() {
  std::vector<std::string> names;
  for (const auto& page :
       std::filesystem::directory_iterator(std::filesystem::path(ONEPROXY_SOURCE_DIR) / "docs/guide")) {
    if (!shell_blocks(slurp(page.path())).empty()) names.push_back(page.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Documents, SlowGuide, testing::ValuesIn(guides()),
                         [](const auto& document) { return document.param; });

}  // namespace
}  // namespace oneproxy::test
