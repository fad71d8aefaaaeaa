#include <gtest/gtest.h>

#include "command.hpp"

namespace oneproxy::test {
namespace {

/// What a program prints to a terminal of its own; `script` of util-linux makes one.
std::string on_terminal(const TemporaryFolder& folder, const std::string& environment, const std::string& arguments) {
  const auto out = folder / "terminal";
  const std::string command = "env " + environment + " script -qec '" + std::string(ONEPROXY_PROGRAM) + " " +
                              arguments + "' /dev/null > " + out.string() + " 2>&1 < /dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0) << slurp(out);
  return slurp(out);
}

/// What bash offers after `words` of a command line, the last one unfinished.
std::string bash_offers(const TemporaryFolder& folder, const std::string& words) {
  std::ofstream(folder / "ask.sh") << "source " << (folder / "stdout").string() << "\nCOMP_WORDS=(" << words
                                   << ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_oneproxy\necho \"${COMPREPLY[*]}\"\n";
  const auto out = folder / "offers";
  EXPECT_EQ(std::system(("bash -u " + (folder / "ask.sh").string() + " > " + out.string()).c_str()), 0);
  const std::string text = slurp(out);
  return text.substr(0, text.find('\n'));
}

TEST(Terminal, ColoursOnlyThereAndNeverWithNoColor) {
  TemporaryFolder folder;
  if (std::system("command -v script > /dev/null") != 0) GTEST_SKIP() << "script (util-linux) is absent";
  const std::string escape = "\033[";
  EXPECT_EQ(oneproxy_command(folder, "devices").out.find(escape), std::string::npos);
  EXPECT_NE(on_terminal(folder, "-u NO_COLOR TERM=xterm", "devices").find(escape), std::string::npos);
  EXPECT_EQ(on_terminal(folder, "TERM=xterm NO_COLOR=1", "devices").find(escape), std::string::npos);
  EXPECT_EQ(on_terminal(folder, "-u NO_COLOR TERM=dumb", "devices").find(escape), std::string::npos);
}

TEST(Terminal, TheSummaryHasAPlotThatIsTheSameInColour) {
  TemporaryFolder folder;
  if (std::system("command -v script > /dev/null") != 0) GTEST_SKIP() << "script (util-linux) is absent";
  const std::string run =
      "run --target roofline\\(device=taba\\) --samples 10 --max-samples 10 --front 3 --population 50 "
      "--generations 3 --out " +
      (folder / "out").string();
  std::string coloured = on_terminal(folder, "-u NO_COLOR TERM=xterm", run);
  EXPECT_NE(coloured.find("\033[32m*\033[0m"), std::string::npos) << coloured;
  for (std::size_t at; (at = coloured.find("\033[")) != std::string::npos;) {
    coloured.erase(at, coloured.find_first_of("mK", at) + 1 - at);
  }
  std::erase(coloured, '\r');
  EXPECT_NE(coloured.find(slurp(folder / "out/summary.txt")), std::string::npos) << coloured;
  EXPECT_NE(coloured.find("median ms"), std::string::npos);
}

TEST(Suggestion, NamesWhatWasProbablyMeant) {
  TemporaryFolder folder;
  for (const auto& [wrong, near] : std::initializer_list<std::pair<std::string, std::string>>{
           {"rum", "'run'"},
           {"proxy lsit", "'list'"},
           {"run --smaples 3", "'--samples'"},
           {"run --tarhet=onednn", "'--target'"},
           {"proxy fit --tabel x", "'--table'"},
           {"run --method eqn", "'eqn3'"},
           {"space --space mobilnet_v2", "'mobilenet_v2'"},
           {"space --space \"mobilenet_v2(resolutoin=28)\"", "'resolution'"},
           {"measure --space mobilenet_v2 --device onedn --samples 3 --out " + (folder / "x.csv").string(), "'onednn'"},
           {"manual rnu", "'run'"}}) {
    const auto outcome = oneproxy_command(folder, wrong);
    EXPECT_EQ(outcome.status, 2) << wrong;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
    EXPECT_NE(outcome.err.find("did you mean " + near), std::string::npos) << wrong << ": " << outcome.err;
  }
}

TEST(Completion, OfBashOffersCommandsOptionsAndChoices) {
  TemporaryFolder folder;
  ASSERT_EQ(oneproxy_command(folder, "completion bash").status, 0);
  EXPECT_EQ(bash_offers(folder, "oneproxy dev"), "devices");
  EXPECT_EQ(bash_offers(folder, "oneproxy proxy f"), "fit");
  EXPECT_EQ(bash_offers(folder, "oneproxy proxy fit --tab"), "--table");
  EXPECT_EQ(bash_offers(folder, "oneproxy run --limit-ms 3 --sampling r"), "random");
  EXPECT_EQ(bash_offers(folder, "oneproxy run --norm ''"), "l1 l2");
  EXPECT_EQ(bash_offers(folder, "oneproxy run --out x"), "");  // a file name: bash's own
  EXPECT_EQ(bash_offers(folder, "oneproxy completion z"), "");
}

TEST(Completion, OfZshAndFishNamesEveryCommandAndIsReadByThem) {
  TemporaryFolder folder;
  for (const std::string shell : {"zsh", "fish"}) {
    const std::string script = oneproxy_command(folder, "completion " + shell).out;
    for (const char* word : {"devices", "evaluate", "sampling", "stratified", "max-samples"}) {
      EXPECT_NE(script.find(word), std::string::npos) << shell << " " << word;
    }
    std::ofstream(folder / shell) << script;
    if (std::system(("command -v " + shell + " > /dev/null").c_str()) == 0) {
      EXPECT_EQ(std::system((shell + " -n " + (folder / shell).string()).c_str()), 0);
    }
  }
  EXPECT_EQ(oneproxy_command(folder, "completion tcsh").status, 2);
}

TEST(Manual, HasAPageForEveryCommandThatRoffReads) {
  TemporaryFolder folder;
  const bool roff = std::system("command -v groff > /dev/null") == 0;
  for (const std::string command : {"", "run", "proxy", "proxy fit", "report", "completion", "manual"}) {
    const auto page = oneproxy_command(folder, "manual " + command);
    ASSERT_EQ(page.status, 0) << page.err;
    EXPECT_TRUE(page.out.starts_with(".TH ONEPROXY")) << page.out;
    for (const char* heading : {"\n.SH NAME\n", "\n.SH SYNOPSIS\n", "\n.SH OPTIONS\n", "\n.SH EXIT STATUS\n"}) {
      EXPECT_NE(page.out.find(heading), std::string::npos) << command << heading;
    }
    if (!roff) continue;
    const auto warnings = folder / "warnings";
    EXPECT_EQ(
        std::system(("groff -man -ww -Tascii " + (folder / "stdout").string() + " > /dev/null 2> " + warnings.string())
                        .c_str()),
        0);
    EXPECT_EQ(slurp(warnings), "") << command;
  }
}

}  // namespace
}  // namespace oneproxy::test
