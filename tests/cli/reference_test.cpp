#include <gtest/gtest.h>

#include "command.hpp"

namespace oneproxy::test {
namespace {

/// What `PROGRAM --reference` prints; "" where this build lacks the program.
std::string reference_of(const std::string& program, const TemporaryFolder& folder) {
  const auto path = std::filesystem::path(ONEPROXY_PROGRAM).parent_path() / program;
  if (!std::filesystem::exists(path)) return "";
  const auto out = folder / "reference";
  EXPECT_EQ(std::system((path.string() + " --reference > " + out.string() + " < /dev/null").c_str()), 0);
  return slurp(out);
}

class Reference : public testing::TestWithParam<const char*> {};

TEST_P(Reference, IsWhatTheProgramSays) {
  const TemporaryFolder folder;
  const std::string said = reference_of(GetParam(), folder);
  if (said.empty()) GTEST_SKIP() << GetParam() << " is not built";
  const auto file = std::filesystem::path(ONEPROXY_SOURCE_DIR) / "docs/reference" / (std::string(GetParam()) + ".md");
  // Not EXPECT_EQ: the first differing line says more than two texts of a thousand.
  std::istringstream expected(slurp(file));
  std::istringstream now(said);
  std::string a;
  std::string b;
  for (int line = 1;; ++line) {
    const bool more_a = static_cast<bool>(std::getline(expected, a));
    const bool more_b = static_cast<bool>(std::getline(now, b));
    if (!more_a && !more_b) break;
    ASSERT_EQ(more_a ? a : "(end)", more_b ? b : "(end)")
        << file << ", line " << line << ": the program changed; cmake --build build --target reference";
  }
}

INSTANTIATE_TEST_SUITE_P(Programs, Reference, testing::Values("oneproxy", "oneproxy-train", "oneproxy-agent"),
                         [](const auto& program) {
                           std::string name = program.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(ReferenceText, HasAnExampleOfEveryCommandAndEveryOptionSaysWhatItDoes) {
  const TemporaryFolder folder;
  std::istringstream text(reference_of("oneproxy", folder));
  std::string command;
  bool example = true;
  std::size_t commands = 0;
  std::size_t options = 0;
  bool group = false;  // its commands have the examples
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("## ")) {
      EXPECT_TRUE(example || group) << command;
      command = line.substr(3);
      example = group = false;
      ++commands;
    }
    if (line.starts_with("Example")) example = true;
    if (line.starts_with("- `")) group = true;
    if (!line.starts_with("| `")) continue;
    ++options;
    // | name | takes | what | default |
    const auto takes = line.find(" | ") + 3;
    const auto what = line.find(" | ", takes - 1) + 3;
    EXPECT_GT(line.find(" | ", what), what) << command << ": " << line;
    EXPECT_NE(line[what], ' ') << command << ": " << line;
    EXPECT_NE(line[what], '|') << command << ": " << line;
  }
  EXPECT_TRUE(example || group) << command;
  EXPECT_GT(commands, 20U);
  EXPECT_GT(options, 200U);
}

}  // namespace
}  // namespace oneproxy::test
