#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "command.hpp"

namespace oneproxy::test {
namespace {

constexpr const char* kSpace =
    "\"mobilenet_v2(resolution=12, width=0.1, classes=10, channels=1, strides=2:1:2:1:1:1)\"";
constexpr const char* kQuick = " --min-runs 6 --budget-ms 3";

class LookupTable : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  Outcome run(const std::string& arguments) const {
    return oneproxy_command(folder_, "lookup-table --space " + std::string(kSpace) + ' ' + arguments);
  }
  void expect_refused(const std::string& arguments, const std::string& message) const {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments << "\n" << outcome.err;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err << "\nexpected: " << message;
  }
  TemporaryFolder folder_;
};

std::size_t keys_of(const std::string& yaml) {
  std::istringstream lines(yaml);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) count += line.starts_with(' ') ? 0 : 1;
  return count;
}

TEST_F(LookupTable, SlowOfARealEngineInEveryFormatAndGoesOn) {
  const Outcome made = run("--device onednn --check 6 --format ofa --json --out " + path("lut.yaml") + kQuick);
  ASSERT_EQ(made.status, 0) << made.err;
  const auto json = made.json();
  EXPECT_EQ(json["operators"], keys_of(slurp(folder_ / "lut.yaml")));
  EXPECT_EQ(json["method"], "difference");
  EXPECT_EQ(json["check"]["networks"], 6);
  EXPECT_EQ(json["calibration"]["networks"], 10);
  EXPECT_GT(json["calibration"]["factor"], 0.2);
  EXPECT_NE(slurp(folder_ / "lut.yaml").find("Conv-input:12x12x1-output:6x6x8:\n  count: "), std::string::npos);
  EXPECT_NE(slurp(folder_ / "lut.yaml").find("\n  std: "), std::string::npos);

  // Everything is in the store: nothing is measured again, and the other formats hold the same numbers.
  const std::string again = "--device onednn --check 6 --resume --json" + std::string(kQuick);
  for (const std::string format : {"proxylessnas", "csv", "oneproxy"}) {
    const std::string file = path("lut." + format);
    std::filesystem::copy_file(folder_ / "lut.yaml.sqlite", file + ".sqlite");
    const Outcome other = run(again + " --format " + format + " --out " + file);
    ASSERT_EQ(other.status, 0) << other.err;
    EXPECT_EQ(other.json()["check"], json["check"]);
  }
  EXPECT_NE(slurp(folder_ / "lut.proxylessnas").find("\n  var: "), std::string::npos);
}

TEST_F(LookupTable, IsAPredictorLikeAnyOther) {
  for (const std::string format : {"ofa", "oneproxy", "csv"}) {
    const std::string file = path(format == "ofa" ? "lut.yaml" : format == "csv" ? "lut.csv" : "lut.json");
    const Outcome made = oneproxy_command(
        folder_, "lookup-table --device 'roofline(device=s5e)' --check 0 --format " + format + " --out " + file);
    ASSERT_EQ(made.status, 0) << made.err;
    const Outcome found = oneproxy_command(folder_, "search --search local --candidates 300 --json --latency " + file);
    EXPECT_EQ(found.status, 0) << found.err;
    const Outcome measured = oneproxy_command(
        folder_, "measure --device 'roofline(device=s5e)' --name tablet --samples 30 --out " + path("tablet.csv"));
    ASSERT_EQ(measured.status, 0) << measured.err;
    const Outcome adapted = oneproxy_command(folder_, "adapt --json --proxy " + file + " --samples " +
                                                          path("tablet.csv") + " --out " + path("adapted.json"));
    ASSERT_EQ(adapted.status, 0) << adapted.err;
    EXPECT_GT(adapted.json()["srcc"]["before"]["srcc"], 0.999);
  }
}

TEST_F(LookupTable, SlowKilledInTheMiddleGoesOn) {
  const std::string arguments = "--device onednn --check 0 --json --min-runs 6 --budget-ms 30 --out " + path("t.json");
  // Killed once some measurements are in the store's log.
  const std::string script = std::string(ONEPROXY_PROGRAM) + " lookup-table --space " + kSpace + ' ' + arguments +
                             " > /dev/null 2>&1 & pid=$!; for i in $(seq 600); do [ \"$(stat -c %s " +
                             path("t.json.sqlite-wal") +
                             " 2> /dev/null || echo 0)\" -gt 60000 ] && break; sleep 0.1; done; kill -KILL $pid; "
                             "wait $pid 2> /dev/null; true";
  ASSERT_EQ(std::system(script.c_str()), 0);
  ASSERT_FALSE(std::filesystem::exists(folder_ / "t.json"));
  const Outcome resumed = run(arguments + " --resume");
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_GT(resumed.json()["operators"], 50);
  // Once more: another measurement would give other numbers.
  const std::string first = slurp(folder_ / "t.json");
  ASSERT_EQ(run(arguments + " --resume").status, 0);
  EXPECT_EQ(slurp(folder_ / "t.json"), first);
}

TEST_F(LookupTable, ThatAProxyImpliesFromFiftyNetworks) {
  // On a device on paper the whole way is exact enough to be compared.
  const std::string device = " --device 'roofline(device=s5e)'";
  const Outcome measured = oneproxy_command(
      folder_, "measure --space " + std::string(kSpace) +
                   " --device 'roofline(device=taba)' --name taba --samples 600 --out " + path("taba.csv"));
  ASSERT_EQ(measured.status, 0) << measured.err;
  const Outcome fitted = oneproxy_command(folder_, "proxy fit --space " + std::string(kSpace) + " --table " +
                                                       path("taba.csv") + " --out " + path("taba.json"));
  ASSERT_EQ(fitted.status, 0) << fitted.err;
  const Outcome implied = run("--proxy " + path("taba.json") + device + " --samples 50 --by-block --format csv --json" +
                              " --out " + path("implied.csv"));
  ASSERT_EQ(implied.status, 0) << implied.err;
  const auto json = implied.json();
  EXPECT_EQ(json["method"], "implied");
  EXPECT_EQ(json["samples"], 50);
  EXPECT_EQ(json["operators"], 21 * 9 + 4);
  EXPECT_GT(json["check"]["srcc"], 0.9);
  EXPECT_LT(json["sums_to_predictor"]["rmse_ms"].get<double>() / json["check"]["rmse_ms"].get<double>(), 0.1);
  EXPECT_NE(slurp(folder_ / "implied.csv").find("\nblock0:"), std::string::npos);

  // The same from measurements made before, for Once-for-All's code.
  const Outcome samples = oneproxy_command(folder_, "measure --space " + std::string(kSpace) + device +
                                                        " --name phone --samples 50 --out " + path("phone.csv"));
  ASSERT_EQ(samples.status, 0) << samples.err;
  const Outcome from_file = run("--proxy " + path("taba.json") + " --table " + path("phone.csv") +
                                " --format ofa --json --out " + path("implied.yaml"));
  ASSERT_EQ(from_file.status, 0) << from_file.err;
  EXPECT_EQ(from_file.json()["operators"], keys_of(slurp(folder_ / "implied.yaml")));
  EXPECT_EQ(slurp(folder_ / "implied.yaml").find("count"), std::string::npos);
  EXPECT_FALSE(from_file.json().contains("check"));
}

TEST_F(LookupTable, RefusesWhatDoesNotFit) {
  const std::string out = " --out " + path("x.yaml");
  expect_refused("--format ofa" + out, "--device: expected the device");
  expect_refused("--device onednn --format tvm" + out, "--format");
  expect_refused("--device onednn --by-block" + out, "--by-block: expected --proxy or --predictor");
  expect_refused("--device onednn --table t.csv" + out, "--table: expected --proxy");
  expect_refused("--predictor p.json --proxy q.json" + out, "--predictor: excludes --proxy");
  expect_refused("--predictor p.json --by-block --format ofa" + out, "--by-block: expected --format csv or oneproxy");
  expect_refused("--predictor " + path("none.json") + out, path("none.json"));
  expect_refused("--device onednn --resume" + out, "nothing to resume");
  const Outcome fbnet = oneproxy_command(folder_, "lookup-table --space fbnet --device onednn --format ofa" + out);
  EXPECT_EQ(fbnet.status, 2);
  EXPECT_NE(fbnet.err.find("tables have no key for it; csv holds any operator"), std::string::npos) << fbnet.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.yaml"));
}

TEST_F(LookupTable, SumsInPythonAsThePublishedCodeDoes) {
  const std::string python = "python3";
  if (std::system((python + " -c 'import yaml' 2> /dev/null").c_str()) != 0) GTEST_SKIP() << "no python3 with yaml";
  const Outcome made = oneproxy_command(
      folder_,
      "lookup-table --space 'ofa_mobilenet_v3(resolution=160)' --device 'roofline(device=s5e)' --format ofa "
      "--check 0 --out " +
          path("160_lookup_table.yaml"));
  ASSERT_EQ(made.status, 0) << made.err;
  // The smallest network of the space, by Once-for-All's rule for widths, written as its code builds keys.
  std::ofstream(folder_ / "sum.py") << R"(
import sys, yaml
lut = yaml.safe_load(open(sys.argv[1]))
def shape(s): return 'x'.join(str(v) for v in s)
def query(kind, i, o, mid=None, ks=None, stride=None, skip=None, se=None, hs=None):
    infos = [kind, 'input:%s' % shape(i), 'output:%s' % (shape(o) if isinstance(o, list) else o)]
    if kind == 'expanded_conv':
        infos += ['expand:%d' % mid, 'kernel:%d' % ks, 'stride:%d' % stride, 'idskip:%d' % skip, 'se:%d' % se, 'hs:%d' % hs]
    return lut['-'.join(infos)]['mean']
size, channels = 80, 24
total = query('Conv', [160, 160, 3], [80, 80, 24])
total += query('expanded_conv', [80, 80, 24], [80, 80, 24], 24, 3, 1, 1, 0, 0)
stages = [(32, 2, 0, 0), (48, 2, 1, 0), (96, 2, 0, 1), (136, 1, 1, 1), (192, 2, 1, 1)]
for width, first_stride, se, hs in stages:
    for block in range(2):
        stride = first_stride if block == 0 else 1
        out = int((size - 1) / stride + 1)
        skip = 1 if stride == 1 and channels == width else 0
        total += query('expanded_conv', [size, size, channels], [out, out, width], 3 * channels, 3, stride, skip, se, hs)
        size, channels = out, width
total += query('Conv_1', [size, size, 192], [size, size, 1152])
total += query('AvgPool2D', [size, size, 1152], [1, 1, 1152])
total += query('Conv_2', [1, 1, 1152], [1, 1, 1536])
total += query('Logits', [1, 1, 1536], '1000')
print(repr(total))
)";
  ASSERT_EQ(
      std::system(
          (python + " " + path("sum.py") + " " + path("160_lookup_table.yaml") + " > " + path("sum.txt")).c_str()),
      0);
  const double sum = std::stod(slurp(folder_ / "sum.txt"));
  std::ofstream(folder_ / "one.txt") << "3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3-3x3.3x3@160\n";
  const Outcome whole = oneproxy_command(
      folder_,
      "measure --space 'ofa_mobilenet_v3(resolution=160)' --device 'roofline(device=s5e)' --name phone "
      "--architectures " +
          path("one.txt") + " --out " + path("one.csv"));
  ASSERT_EQ(whole.status, 0) << whole.err;
  std::istringstream lines(slurp(folder_ / "one.csv"));
  std::string line;
  for (std::string next; std::getline(lines, next);) line = next;
  const double latency_ms = std::stod(line.substr(line.rfind(',') + 1));
  // A device that adds layers up: the sum of their table is the network's latency. Latencies are kept in 32 bits.
  EXPECT_NEAR(sum, latency_ms, 1e-5 * latency_ms);
}

}  // namespace
}  // namespace oneproxy::test
