#include <gtest/gtest.h>

#include "command.hpp"

namespace oneproxy::test {
namespace {

bool has_page(const TemporaryFolder& folder) {
  return oneproxy_command(folder, "--version").out.find("page: built in") != std::string::npos;
}

std::string quick_run(const std::string& out) {
  return "run --quiet --target \"roofline(device=taba)\" --samples 10 --max-samples 10 --front 3 --population 50 "
         "--generations 3 --out " +
         out;
}

TEST(Report, EndsARunAndIsMadeAgain) {
  TemporaryFolder folder;
  if (!has_page(folder)) GTEST_SKIP() << "this build has no page";
  const auto out = folder / "out";
  ASSERT_EQ(oneproxy_command(folder, quick_run(out.string())).status, 0);
  const std::string page = slurp(out / "index.html");
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_FALSE(std::filesystem::exists(out / "live.json"));
  std::filesystem::remove(out / "index.html");
  const auto again = oneproxy_command(folder, "report --json " + out.string());
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(again.json()["page"], (out / "index.html").string());
  EXPECT_EQ(slurp(out / "index.html"), page);
}

TEST(Report, WhatCannotBeShownIsOneLineAndStatusTwo) {
  TemporaryFolder folder;
  if (!has_page(folder)) GTEST_SKIP() << "this build has no page";
  std::filesystem::create_directory(folder / "empty");
  for (const std::string& bad :
       {std::string("missing"), (folder / "empty").string(), (folder / "empty").string() + " --serve"}) {
    const auto outcome = oneproxy_command(folder, "report " + bad);
    EXPECT_EQ(outcome.status, 2) << bad;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
  }
}

TEST(Report, TheRunHoldsWhatThePageShows) {
  TemporaryFolder folder;
  const auto out = folder / "out";
  ASSERT_EQ(oneproxy_command(folder, quick_run(out.string())).status, 0);
  const auto result = nlohmann::json::parse(slurp(out / "result.json"));
  EXPECT_GE(result["predicted"].size(), result["front"].size());
  EXPECT_EQ(result["devices"]["srcc"].size(), result["devices"]["names"].size());
  EXPECT_EQ(result["srcc_by_samples"].back()["before"], result["srcc"]["before"]);
  EXPECT_EQ(result["layers"]["networks"].size(), result["front"].size());
  EXPECT_EQ(result["roof"]["gflops"], 15.3);
  EXPECT_EQ(result["cost"]["networks"], result["samples"].size() + result["front"].size() + result["removed"].size());
  EXPECT_GT(result["cost"]["own_predictor_networks"], 100);
  EXPECT_GT(result["samples"][0]["flops"], 0);
}

}  // namespace
}  // namespace oneproxy::test
