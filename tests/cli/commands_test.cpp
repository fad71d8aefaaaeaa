#include <gtest/gtest.h>

#include <csignal>

#include "command.hpp"

namespace oneproxy::test {
namespace {

const char* const kCommands[] = {"run",          "space",        "devices",  "measure",  "proxy list",
                                 "proxy fit",    "proxy select", "adapt",    "search",   "compare",
                                 "monotonicity", "import",       "roofline", "campaign", "store export"};
constexpr const char* kTinySpace =
    "\"mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)\"";

TEST(Help, EveryCommandHasAnExample) {
  TemporaryFolder folder;
  for (const std::string command : kCommands) {
    const Outcome help = oneproxy_command(folder, command + " --help");
    EXPECT_EQ(help.status, 0) << command;
    EXPECT_NE(help.out.find("Example:\n  oneproxy " + command), std::string::npos) << command;
    EXPECT_NE(help.out.find("--json"), std::string::npos) << command;
  }
  EXPECT_EQ(oneproxy_command(folder, "--help").status, 0);
  EXPECT_NE(oneproxy_command(folder, "--version").out.find("oneproxy "), std::string::npos);
}

TEST(WrongOption, IsOneLineAndStatusTwo) {
  TemporaryFolder folder;
  for (const std::string bad :
       {"", "rum", "run --smaples 3", "run --samples x", "run --samples 2", "measure", "measure --device onednn",
        "search --search sideways", "adapt --norm l3 --samples x --out y", "run --limit-ms -1", "run --limit-ms nan",
        "run --threshold nan", "run --seed -1", "proxy", "space extra", "space --samples -3"}) {
    const Outcome outcome = oneproxy_command(folder, bad);
    EXPECT_EQ(outcome.status, 2) << bad;
    EXPECT_EQ(outcome.error_lines(), 1U) << bad << ": " << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with("oneproxy: ")) << outcome.err;
    EXPECT_EQ(outcome.out, "") << bad;
  }
  EXPECT_NE(oneproxy_command(folder, "rum").err.find("did you mean 'run'?"), std::string::npos);
}

TEST(Space, DescribesSamplesAndExports) {
  TemporaryFolder folder;
  const std::string space = std::string("space --space ") + kTinySpace;
  const auto described = oneproxy_command(folder, space + " --json").json();
  EXPECT_EQ(described["features"], 190);
  EXPECT_EQ(described["decisions"].size(), 47U);
  const auto sampled = oneproxy_command(folder, space + " --samples 5 --seed 3");
  EXPECT_EQ(std::count(sampled.out.begin(), sampled.out.end(), '\n'), 5);
  EXPECT_EQ(oneproxy_command(folder, space + " --samples 5 --seed 3").out, sampled.out);
  const std::string x = sampled.out.substr(0, sampled.out.find('\n'));
  const auto one =
      oneproxy_command(folder, space + " --json --architecture " + x + " --onnx " + (folder / "net.onnx").string());
  EXPECT_EQ(one.json()["text"], x);
  EXPECT_GT(one.json()["flops"], 0);
  EXPECT_GT(std::filesystem::file_size(folder / "net.onnx"), 1000U);
}

TEST(Measure, ExplainsDevicesOnPaper) {
  TemporaryFolder folder;
  const std::string command = std::string("measure --space ") + kTinySpace + " --explain --device ";
  const auto explained =
      oneproxy_command(folder, command + "'fpga(design=3)' --device 'roofline(device=s5e)' --json").json();
  ASSERT_EQ(explained["devices"].size(), 2U);
  for (const auto& device : explained["devices"]) {
    double sum = 0;
    for (const auto& layer : device["layers"]) sum += layer["ms"].get<double>();
    EXPECT_NEAR(device["latency_ms"].get<double>(), sum, 1e-9 * sum);
    EXPECT_EQ(device["layers"][0]["layer"], "stem");
  }
  EXPECT_NE(explained["devices"][0]["warnings"].dump().find("port"), std::string::npos);

  const std::string x = explained["architecture"];
  std::ofstream(folder / "one.txt") << x << '\n';
  const Outcome text =
      oneproxy_command(folder, command + "'roofline(device=s5e)' --architectures " + (folder / "one.txt").string());
  EXPECT_NE(text.out.find("architecture " + x), std::string::npos) << text.out << text.err;
  EXPECT_NE(text.out.find("limited by memory"), std::string::npos) << text.out;

  const Outcome refused = oneproxy_command(folder, command + "onednn");
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("expected fpga, roofline or gables"), std::string::npos) << refused.err;
}

TEST(Measure, SaysWhereTheMeasurementsAreAndRefusesProcessorsThatAreNotThere) {
  TemporaryFolder folder;
  const std::string command = std::string("measure --space ") + kTinySpace + " --device onednn --samples 3 ";
  const std::string file = (folder / "latency.csv").string();
  const Outcome nowhere = oneproxy_command(folder, command);
  EXPECT_EQ(nowhere.status, 2);
  EXPECT_NE(nowhere.err.find("--out: is missing; expected the table's file (FILE.sqlite beside it keeps every"),
            std::string::npos)
      << nowhere.err;
  const Outcome pinned = oneproxy_command(folder, command + "--core 999 --out " + file);
  EXPECT_EQ(pinned.status, 2);
  EXPECT_EQ(pinned.error_lines(), 1U) << pinned.err;
  EXPECT_NE(pinned.err.find("core 999: may not be used here; expected -1, or one of "), std::string::npos)
      << pinned.err;
  const Outcome measured = oneproxy_command(folder, command + "--min-runs 3 --budget-ms 1 --out " + file);
  EXPECT_EQ(measured.status, 0) << measured.err;
  EXPECT_NE(measured.out.find("written: " + file + "; every measurement: " + file + ".sqlite\n"), std::string::npos)
      << measured.out;
}

TEST(Measure, ATableOfADeviceOnPaperHoldsItsWarnings) {
  TemporaryFolder folder;
  const auto file = folder / "latency.csv";
  const Outcome measured =
      oneproxy_command(folder, std::string("measure --space ") + kTinySpace +
                                   " --device 'fpga(design=3)' --name board --samples 200 --out " + file.string());
  EXPECT_EQ(measured.status, 0) << measured.err;
  EXPECT_NE(slurp(file).find("# warning board: (ip + op + wp) * 16 takes 672 bits of the port"), std::string::npos);
}

class Files : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  void expect_refused(const std::string& arguments, const std::string& message, const std::string& before = "") {
    const Outcome outcome = oneproxy_command(folder_, arguments, before);
    EXPECT_EQ(outcome.status, 2) << arguments << "\n" << outcome.err;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err << "\nexpected: " << message;
  }
  /// Measures `count` networks of the tiny space with oneDNN and fits a proxy to them.
  void make_proxy(int count) {
    const Outcome measured =
        oneproxy_command(folder_, "measure --space " + space_ +
                                      " --device onednn --name cpu --quiet --min-runs 6 --budget-ms 3 --samples " +
                                      std::to_string(count) + " --out " + (folder_ / "latency.csv").string());
    ASSERT_EQ(measured.status, 0) << measured.err;
    const Outcome fitted =
        oneproxy_command(folder_, "proxy fit --space " + space_ + " --table " + (folder_ / "latency.csv").string() +
                                      " --out " + (folder_ / "cpu.json").string());
    ASSERT_EQ(fitted.status, 0) << fitted.err;
  }
  /// A user's own table of accuracies: the more a network computes, the better it is.
  std::string make_accuracies(int count) {
    const auto sampled =
        oneproxy_command(folder_, "space --space " + space_ + " --seed 5 --json --samples " + std::to_string(count))
            .json();
    std::string csv = "architecture,accuracy\n";
    for (const auto& x : sampled) {
      csv += x["text"].get<std::string>() + ',' + std::to_string(60 + x["flops"].get<double>() / 1e6) + '\n';
    }
    return file("accuracy.csv", csv);
  }

  TemporaryFolder folder_;
  std::string space_ = kTinySpace;
};

TEST_F(Files, WrongOnesAreNamed) {
  const std::string x = "5x3.3x3-5x4.3x3-7x4.7x3-5x3.3x4-5x4.3x4.5x3-3x4";
  const std::string head = "architecture,phone\n";
  const std::string fit = "proxy fit --space " + space_ + " --out " + (folder_ / "p.json").string() + " --table ";
  expect_refused(fit + "none.csv", "none.csv: cannot be read: No such file or directory");
  expect_refused(fit + file("empty.csv", ""), "empty.csv: is empty");
  expect_refused(fit + file("cut.csv", head + x + ",1.5"), "cut.csv, line 2: does not end with a newline");
  expect_refused(fit + file("foreign.csv", "a,b\n1,2\n"), "foreign.csv, line 1: expected a header line");
  expect_refused(fit + file("nan.csv", head + x + ",nan\n"),
                 "nan.csv, line 2, column phone: 'nan' is not a finite number");
  expect_refused(fit + file("negative.csv", head + x + ",-4\n"),
                 "negative.csv, line 2, column phone: '-4'; expected a latency in ms (> 0)");
  expect_refused(fit + file("other.csv", "# space: mobilenet_v2(resolution=224)\n" + head + x + ",1\n"),
                 "other.csv, line 1: is a table of the space mobilenet_v2(resolution=224)");
  expect_refused(fit + file("few.csv", head + x + ",1\n"), "10");
  expect_refused(fit + file("ok.csv", head + x + ",1\n") + " --column fone", "did you mean 'phone'?");
  expect_refused(fit + ".", "is a folder");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "p.json"));

  const std::string search = "search --space " + space_ + " --accuracy x.csv --latency ";
  expect_refused(search + file("broken.json", "{"), "broken.json");
  expect_refused(search + file("number.json", "3"), "number.json");
  expect_refused("run --space " + space_ + " --target onednnn --out " + (folder_ / "r").string(), "onednn");
  expect_refused("measure --space " + space_ + " --device 'onednn(threads=0)' --out " + (folder_ / "m.csv").string(),
                 "onednn, setting threads: '0'");
}

TEST_F(Files, AProxyOfAnotherSpaceIsRefused) {
  make_proxy(20);
  expect_refused("run --space mobilenet_v2 --target onednn --proxy " + (folder_ / "cpu.json").string() + " --out " +
                     (folder_ / "r").string() + " --accuracy none.csv",
                 "cpu.json");
}

TEST_F(Files, AFullDiskIsToldAndNothingIsLost) {
  // A limit on the size of files stands for the disk: writes fail with an error once it is reached.
  const std::string out = (folder_ / "latency.csv").string();
  expect_refused(
      "measure --space " + space_ + " --device onednn --quiet --min-runs 6 --budget-ms 2 --samples 400 --out " + out,
      "latency.csv", "trap '' XFSZ; ulimit -f 100;");
  const Outcome resumed = oneproxy_command(
      folder_, "measure --space " + space_ +
                   " --device onednn --quiet --min-runs 6 --budget-ms 2 --samples 400 --resume --out " + out);
  EXPECT_EQ(resumed.status, 0) << resumed.err;
}

TEST_F(Files, ARunFromFilesFindsTheFront) {
  make_proxy(120);
  const std::string out = (folder_ / "run").string();
  const std::string command = "run --space " + space_ + " --proxy " + (folder_ / "cpu.json").string() + " --accuracy " +
                              make_accuracies(400) +
                              " --target onednn --samples 20 --max-samples 30 --front 8 --min-runs 6 --budget-ms 3 "
                              "--limit-ms 1000 --limit-ms 0.0001 --out " +
                              out;
  const Outcome first = oneproxy_command(folder_, command + " --json");
  ASSERT_EQ(first.status, 0) << first.err;
  const auto result = nlohmann::json::parse(slurp(out + "/result.json"));
  EXPECT_EQ(first.json()["front"], result["front"]);
  for (const char* field :
       {"space", "proxy", "target", "samples", "srcc", "lambda", "front", "seconds", "machine", "versions"}) {
    EXPECT_TRUE(result.contains(field)) << field;
  }
  EXPECT_GE(result["samples"].size(), 20U);
  EXPECT_LE(result["srcc"]["before"]["low"], result["srcc"]["before"]["srcc"]);
  ASSERT_FALSE(result["front"].empty());
  double latency = 0;
  double accuracy = 0;
  for (const auto& network : result["front"]) {
    EXPECT_GT(network["latency_ms"]["median"], latency);
    EXPECT_GT(network["accuracy"], accuracy);
    latency = network["latency_ms"]["median"];
    accuracy = network["accuracy"];
    EXPECT_TRUE(std::filesystem::exists(out + "/" + network["onnx"].get<std::string>()));
  }
  EXPECT_EQ(result["limits"][0]["front_index"], result["front"].size() - 1);
  EXPECT_TRUE(result["limits"][1]["front_index"].is_null());
  EXPECT_NE(result["limits"][1]["why_not"].get<std::string>().find("smallest predicted latency is"), std::string::npos);
  EXPECT_NE(slurp(out + "/summary.txt").find("networks on the measured front"), std::string::npos);

  // Everything is in the store: resuming measures nothing and finds the same.
  const Outcome again = oneproxy_command(folder_, command + " --json --resume");
  ASSERT_EQ(again.status, 0) << again.err;
  for (const char* field : {"front", "removed", "samples", "srcc", "lambda", "limits"}) {
    EXPECT_EQ(again.json()[field], result[field]) << field;
  }
  expect_refused(command + " --resume --seed 9", "seed");
  expect_refused(command + " --resume --metric \"energy=onednn(threads=2)\"", "metrics");
}

TEST(Search, ALocalOneFindsAFrontFromTheEvaluationsItMayUse) {
  TemporaryFolder folder;
  const auto found = oneproxy_command(folder, "search --search local --candidates 400 --latency flops --json");
  ASSERT_EQ(found.status, 0) << found.err;
  const auto front = found.json()["front"];
  ASSERT_GE(front.size(), 2U);
  for (std::size_t i = 1; i < front.size(); ++i) {
    EXPECT_GT(front[i]["accuracy"], front[i - 1]["accuracy"]);
    EXPECT_GT(front[i]["latency_ms"], front[i - 1]["latency_ms"]);
  }
}

TEST_F(Files, CtrlCStopsAndKeepsWhatWasMeasured) {
  const std::string command = "measure --space " + space_ +
                              " --device onednn --min-runs 200 --budget-ms 20 --samples 150 --out " +
                              (folder_ / "latency.csv").string();
  const Outcome stopped = oneproxy_command(folder_, command, "", "timeout --foreground --preserve-status -s INT 0.6");
  EXPECT_EQ(stopped.status, 130);
  EXPECT_EQ(stopped.error_lines(), 1U) << stopped.err;
  EXPECT_NE(stopped.err.find("go on with --resume"), std::string::npos) << stopped.err;
  EXPECT_EQ(oneproxy_command(folder_, command + " --resume").status, 0);
}

TEST_F(Files, AKilledCampaignIsResumed) {
  const std::string out = (folder_ / "latency.csv").string();
  const std::string command =
      "measure --space " + space_ + " --device onednn --quiet --min-runs 200 --budget-ms 20 --samples 150 --out " + out;
  const Outcome killed = oneproxy_command(folder_, command, "", "timeout -s KILL 0.6");
  ASSERT_EQ(killed.status, 128 + SIGKILL) << "it ended before it was killed";
  EXPECT_TRUE(std::filesystem::exists(out + ".sqlite"));
  EXPECT_FALSE(std::filesystem::exists(out));
  const Outcome resumed = oneproxy_command(folder_, command + " --resume");
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  const std::string csv = slurp(out);
  EXPECT_EQ(std::count_if(csv.begin(), csv.end(), [](char c) { return c == '\n'; }),
            150 + 1 + std::count(csv.begin(), csv.end(), '#'));
  expect_refused("measure --space " + space_ + " --device onednn --out " + (folder_ / "new.csv").string() + " --resume",
                 "nothing to resume");
}

}  // namespace
}  // namespace oneproxy::test
