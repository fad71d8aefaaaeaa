// What commands say to input that cannot be, where it must be told before anything is measured or written.
#include <gtest/gtest.h>

#include "command.hpp"

namespace oneproxy::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* tiny_space =
    "mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)";

class BadInput : public testing::Test {
 protected:
  std::string path(const std::string& name) { return (folder_ / name).string(); }
  std::string file(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return path(name);
  }
  void expect_refused(const std::string& arguments, const std::string& message) {
    const Outcome outcome = oneproxy_command(folder_, arguments);
    EXPECT_EQ(outcome.status, 2) << arguments << "\n" << outcome.err;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err << "\nexpected: " << message;
  }
  std::string measure() const {
    return "measure --space \"" + std::string(tiny_space) + "\" --device 'roofline(device=s5e)' ";
  }

  TemporaryFolder folder_;
};

TEST_F(BadInput, AWrongDeviceIsToldBeforeAnotherIsMeasured) {
  expect_refused(measure() + "--device rooflin --samples 5 --out " + path("latency.csv"), "device 'rooflin'");
  EXPECT_FALSE(fs::exists(path("latency.csv.sqlite")));
}

TEST_F(BadInput, AStoreThatIsMissingIsToldBeforeOthersAreMerged) {
  ASSERT_EQ(oneproxy_command(folder_, measure() + "--samples 5 --out " + path("latency.csv")).status, 0);
  const std::string known = path("latency.csv.sqlite");
  expect_refused("store merge " + path("into.sqlite") + " " + known + " " + path("none.sqlite"),
                 "none.sqlite: does not exist");
  EXPECT_FALSE(fs::exists(path("into.sqlite")));
  EXPECT_EQ(oneproxy_command(folder_, "store merge " + path("into.sqlite") + " " + known).out,
            "5 measurements taken from " + known + "\n");
}

TEST_F(BadInput, AFileInPlaceOfTheFleetsFolderIsTold) {
  const std::string fleet = file("fleet.json", "{\"devices\": [{\"simulate\": 2}]}");
  expect_refused("fleet " + fleet + " --out " + fleet, "fleet.json: is a file; expected a folder");
  expect_refused("fleet " + fleet + " --out " + fleet + "/below", "below");
}

TEST_F(BadInput, FieldsOfACampaignsProtocolAreChecked) {
  for (const auto& [protocol, message] : std::vector<std::pair<std::string, std::string>>{
           {"{\"budget_ms\": -5}", "field protocol.budget_ms: '-5' is too small"},
           {"{\"budget_ms\": 0}", "field protocol.budget_ms: '0' is too small"},
           {"{\"min_runs\": 0}", "field protocol.min_runs: '0' is too small"},
           {"{\"min_runs\": 2.5}", "field protocol.min_runs: '2.5' is no whole number"},
           {"{\"budget_ms\": \"9\"}", "field protocol.budget_ms: '\"9\"' is no number"},
           {"{\"pin_core\": -2}", "field protocol.pin_core: '-2' is too small"},
           {"{\"budget_m\": 5}", "field protocol.budget_m: is unknown; did you mean 'budget_ms'?"},
           {"[]", "field protocol: '[]' is no object"}}) {
    const std::string plan = file("plan.json", "{\"spaces\": [\"" + std::string(tiny_space) +
                                                   "\"], \"devices\": [\"roofline(device=s5e)\"], \"samples\": 5, "
                                                   "\"protocol\": " +
                                                   protocol + "}");
    expect_refused("campaign " + plan + " --out " + path("out"), message);
  }
  EXPECT_FALSE(fs::exists(path("out")));
}

TEST_F(BadInput, OptionsOfTheSearchAreCheckedBeforeAnythingIsMeasured) {
  for (const char* option : {"--population 1", "--parent-ratio 0", "--parent-ratio 1", "--mutation-ratio -0.5",
                             "--mutation-probability 2"}) {
    const std::string name = std::string(option).substr(0, std::string(option).find(' '));
    expect_refused("run --target 'roofline(device=s5e)' --out " + path("run") + " " + option, name + ": Value");
  }
  EXPECT_FALSE(fs::exists(path("run")));
}

TEST_F(BadInput, MoreThanFitsInMemoryIsTold) {
  expect_refused(measure() + "--samples 1000000000000000000 --out " + path("latency.csv"), "out of memory");
}

TEST_F(BadInput, AFullDiskUnderTheStandardOutputIsTold) {
  const Outcome outcome = oneproxy_command(folder_, "devices --json > /dev/full");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, "oneproxy: standard output: cannot be written (is the disk full?)\n");
}

}  // namespace
}  // namespace oneproxy::test
