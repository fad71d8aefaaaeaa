#include "oneproxy/report/result_files.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

RunResult example() {
  RunResult r;
  r.space = make_space("mobilenet_v2");
  r.proxy = "one";
  r.target = "two";
  r.method = "adapt";
  r.before = {.srcc = 0.5, .low = 0.2, .high = 0.7, .sample_count = 50};
  r.after = SrccEstimate{.srcc = 0.95, .low = 0.9, .high = 0.97, .sample_count = 50};
  r.decision = "not monotone";
  r.why = "Because.";
  r.lambda = std::numeric_limits<double>::infinity();
  Rng rng(1);
  for (int i = 0; i < 3; ++i) {
    FrontNetwork n;
    n.measured.architecture = r.space->sample(rng);
    n.measured.raw_ms = {1.0F + static_cast<float>(i)};
    summarise(n.measured);
    n.predicted_accuracy = 80 + i;
    n.onnx = "front-0" + std::to_string(i + 1) + ".onnx";
    (i < 2 ? r.front : r.removed).push_back(n);
  }
  r.front[1].accuracy = 82.5;
  r.samples.push_back({.proxy_ms = 1, .predicted_ms = 2, .measured = r.front[0].measured});
  r.limits = {{.limit_ms = 1.5, .network = 0, .why_not = {}}, {.limit_ms = 0.1, .network = {}, .why_not = "too low"}};
  r.seconds = {{"samples", 1.5}};
  return r;
}

TEST(ResultFiles, JsonHoldsEveryNumberAndReadsBack) {
  const RunResult r = example();
  const auto json = nlohmann::json::parse(result_json(r, {{"oneproxy", "1"}}).dump());
  EXPECT_EQ(json["lambda"], "infinity");
  EXPECT_EQ(json["srcc"]["after"]["low"], 0.9);
  EXPECT_EQ(json["front"].size(), 2U);
  EXPECT_EQ(json["front"][0]["accuracy_is"], "predicted");
  EXPECT_EQ(json["front"][1]["accuracy"], 82.5);
  EXPECT_EQ(json["front"][1]["predicted_accuracy"], 81);
  EXPECT_EQ(json["front"][1]["latency_ms"]["median"], 2);
  EXPECT_EQ(r.space->from_json(json["front"][0]["architecture"]), r.front[0].measured.architecture);
  EXPECT_EQ(json["removed"][0]["text"], r.space->text(r.removed[0].measured.architecture));
  EXPECT_EQ(json["limits"][0]["front_index"], 0);
  EXPECT_EQ(json["limits"][1]["why_not"], "too low");
  EXPECT_EQ(json["seconds"]["samples"], 1.5);
  EXPECT_EQ(json["versions"]["oneproxy"], "1");
  RunResult unknown = r;
  unknown.before.srcc = std::nan("");
  unknown.lambda.reset();
  EXPECT_TRUE(result_json(unknown, {})["srcc"]["before"]["srcc"].is_null());
  EXPECT_TRUE(result_json(unknown, {})["lambda"].is_null());
}

TEST(ResultFiles, CsvHasOneLineForEachMeasuredNetwork) {
  const std::string csv = front_csv(example());
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 4);
  EXPECT_NE(csv.find("\n1,82.5000,measured,81.0000,2.000000,"), std::string::npos) << csv;
  EXPECT_NE(csv.find("\n0,82.0000,predicted,"), std::string::npos) << csv;
}

TEST(ResultFiles, SummarySaysWhatWasFound) {
  const std::string text = summary_text(example());
  for (const char* part :
       {"0.500 (95% interval 0.200 to 0.700, 50 networks)", "Because.", "2 networks on the measured front",
        "limit 1.5 ms: network 1", "limit 0.1 ms: too low", "* predicted"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST(ResultFiles, AreWrittenWhole) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("oneproxy_result_files_" + std::to_string(getpid()));
  std::filesystem::remove_all(folder);
  write_result_files(folder, example(), {});
  EXPECT_EQ(nlohmann::json::parse(read_file(folder / "result.json"))["front"].size(), 2U);
  EXPECT_EQ(read_file(folder / "front.csv"), front_csv(example()));
  EXPECT_THROW(write_result_files(folder / "front.csv", example(), {}), InputError);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace oneproxy
