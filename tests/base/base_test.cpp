#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <vector>

#include "oneproxy/base/description.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/base/progress.hpp"
#include "oneproxy/base/rng.hpp"

namespace oneproxy {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Rng, SameSeedSameDrawsAndStreamsDependOnSeedAndIndexAlone) {
  Rng a(7);
  Rng b(7);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(a.next(), b.next());
  EXPECT_EQ(a.stream(3).next(), Rng(7).stream(3).next());
  EXPECT_NE(a.stream(3).next(), a.stream(4).next());
  EXPECT_NE(Rng(7).next(), Rng(8).next());
}

TEST(Rng, BelowIsUniform) {
  Rng rng(11);
  std::vector<int> counts(7);
  constexpr int draws = 70'000;
  for (int i = 0; i < draws; ++i) ++counts[rng.below(7)];
  double chi_squared = 0;
  for (const int count : counts) chi_squared += std::pow(count - draws / 7.0, 2) / (draws / 7.0);
  EXPECT_LT(chi_squared, 22.46);  // 0.999 quantile at 6 degrees of freedom
}

TEST(Rng, NormalHasUnitMoments) {
  Rng rng(5);
  double sum = 0;
  double squares = 0;
  constexpr int draws = 100'000;
  for (int i = 0; i < draws; ++i) {
    const double z = rng.normal();
    sum += z;
    squares += z * z;
  }
  EXPECT_NEAR(sum / draws, 0, 0.015);  // more than four standard errors
  EXPECT_NEAR(squares / draws, 1, 0.02);
}

TEST(Description, ReadsNameAndSettings) {
  auto description = Description::parse(" onednn( threads = 2, isa=avx2 ) ");
  EXPECT_EQ(description.name(), "onednn");
  EXPECT_EQ(description.take_int("threads", 1, 1, 64), 2);
  EXPECT_EQ(description.take_choice("isa", "best", {"best", "avx2"}), "avx2");
  EXPECT_EQ(description.take_double("width", 0.5, 0, 1), 0.5);
  description.finish();
  auto table = Description::parse("table(a/b.csv, column=x)");
  EXPECT_EQ(table.take("", ""), "a/b.csv");
  EXPECT_EQ(table.take("column", ""), "x");
  EXPECT_EQ(Description::parse("space(widths=1:2:3)").take_ints("widths", {}), (std::vector<int>{1, 2, 3}));
}

TEST(Description, AQuotedValueHoldsAnything) {
  for (const std::string value : {"a, b(c)=d", "say \"hi\"", "back\\slash\\", "\\d+", ","}) {
    auto description = Description::parse("command(x=1, run=" + quote_setting(value) + ", y=2)");
    EXPECT_EQ(description.take_int("x", 0, 0, 9), 1) << value;
    EXPECT_EQ(description.take_int("y", 0, 0, 9), 2) << value;
    EXPECT_EQ(description.take("run", "none"), value);
  }
  EXPECT_EQ(Description::parse("a(x=\"t=(\\d+)\")").take("x", ""), "t=(\\d+)");
  EXPECT_NE(message_of([] { Description::parse("a(x=\"b)"); }).find("quotes that do not end"), std::string::npos);
  EXPECT_NE(message_of([] { Description::parse("a(x=\"b\"c)"); }).find("quotes that do not end"), std::string::npos);
}

TEST(Description, RefusesWithTheSettingNamed) {
  for (const char* bad : {"", "(a=1)", "x(a=1", "x(a=1,a=2)", "x(=1)", "x(a=)", "x y"}) {
    EXPECT_NE(message_of([&] { Description::parse(bad); }), "no error") << bad;
  }
  const auto unknown = message_of([] {
    auto description = Description::parse("onednn(thread=2)");
    description.take_int("threads", 1, 1, 64);
    description.finish();
  });
  EXPECT_EQ(unknown, "onednn: unknown setting 'thread'; there are threads; did you mean 'threads'?");
  const auto range = message_of([] { Description::parse("onednn(threads=0)").take_int("threads", 1, 1, 64); });
  EXPECT_EQ(range, "onednn, setting threads: '0' is not a number from 1 to 64");
}

TEST(File, WritesWholeOrNotAtAll) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("oneproxy_file_test_" + std::to_string(getpid()));
  const auto file = folder / "deeper" / "a.txt";
  write_file(file, "one");
  write_file(file, "two");
  EXPECT_EQ(read_file(file), "two");
  EXPECT_NE(message_of([&] { write_file(file / "b", "x"); }), "no error");
  EXPECT_EQ(message_of([&] { read_file(folder / "none"); }),
            (folder / "none").string() + ": cannot be read: No such file or directory");
  EXPECT_EQ(message_of([&] { read_file(folder); }), folder.string() + ": is a folder; expected a file");
  EXPECT_NE(message_of([] { write_file("/dev/full", "x"); }), "no error");
  std::filesystem::remove_all(folder);
}

TEST(Progress, CallbackMayStop) {
  report({}, {"waiting", 1, 2});
  report([](const Progress& p) { return p.done < p.total; }, {"waiting", 1, 2});
  EXPECT_THROW(report([](const Progress&) { return false; }, {"waiting", 1, 2}), Stopped);
}

}  // namespace
}  // namespace oneproxy
