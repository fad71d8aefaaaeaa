#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "command.hpp"

namespace oneproxy::test {
namespace {

namespace fs = std::filesystem;

/// A fleet on a space of known cells: 300 cells, their accuracies, two known devices, a device with few samples.
class Fleet : public ::testing::Test {
 protected:
  Fleet() {
    const char* const operators[] = {"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"};
    std::ofstream known(folder_ / "known.csv"), few(folder_ / "few.csv"), accuracy(folder_ / "accuracy.csv");
    known << "arch,phone,gpu\n";
    few << "architecture,board\n";
    accuracy << "architecture,accuracy\n";
    for (int i = 0; i < 300; ++i) {
      int rest = i * 7919;
      double phone = 1, gpu = 2, board = 3, percent = 60;
      const auto next = [&](int from) {
        const int op = rest % 5;
        rest /= 5;
        phone += op * op;
        gpu += op + from;
        board += op * op * (1 + from);
        percent += op == 3 ? 5 : op;
        return std::string(operators[op]) + "~" + std::to_string(from) + "|";
      };
      std::string cell = "|" + next(0);
      cell += "+|" + next(0);
      cell += next(1);
      cell += "+|" + next(0);
      cell += next(1);
      cell += next(2);
      known << cell << "," << phone << "," << gpu << "\n";
      accuracy << cell << "," << percent << "\n";
      if (i < 60) few << cell << "," << board << "\n";
    }
  }

  /// Writes fleet.json with `count` simulated devices beside the one with samples.
  void write_fleet(std::size_t count, const std::string& more = "") {
    std::ofstream(folder_ / "fleet.json")
        << R"({"space": "nas_bench_201", "accuracy": "accuracy.csv", "proxies": [{"table": "known.csv"}],
            "devices": [{"table": "few.csv"}, {"simulate": )"
        << count << R"(, "median_srcc": 0.8}])" << more << "}";
  }
  std::string command(const std::string& out, const std::string& more = "") {
    return "fleet " + (folder_ / "fleet.json").string() + " --out " + (folder_ / out).string() + " " + more;
  }
  std::string results_in(const std::string& out) {
    std::string all;
    for (const char* name : {"result.json", "summary.txt", "devices.jsonl", "networks.csv", "srcc.npy"}) {
      const std::string content = slurp(folder_ / out / name);
      EXPECT_FALSE(content.empty()) << name;
      all += content;
    }
    return all;
  }
  bool have_mpi() {
    return fs::exists(fs::path(ONEPROXY_PROGRAM).parent_path() / "oneproxy-mpi") &&
           std::system("command -v mpirun > /dev/null 2>&1") == 0;
  }
  /// `before` and `under` of oneproxy_command().
  Outcome mpi(int ranks, const std::string& arguments, const std::string& under = "") {
    return oneproxy_command(folder_, arguments, "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;",
                            under + " mpirun --oversubscribe --bind-to none -n " + std::to_string(ranks));
  }

  TemporaryFolder folder_;
};

TEST_F(Fleet, TellsOfEveryDevice) {
  write_fleet(40);
  const Outcome outcome = oneproxy_command(folder_, command("out", "--json"));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto json = outcome.json();
  EXPECT_EQ(json.at("device_count"), 41);
  EXPECT_EQ(json.at("devices").at("table"), 1);
  EXPECT_EQ(json, nlohmann::json::parse(slurp(folder_ / "out/result.json")));
  EXPECT_EQ(json.at("network_count"), 300);
  const Outcome text = oneproxy_command(folder_, command("text"));
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_NE(text.out.find("41 devices"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("results: "), std::string::npos) << text.out;
}

TEST_F(Fleet, AListOfOneLiveDevice) {
  std::ofstream(folder_ / "fleet.json")
      << R"json({"devices": [{"live": "roofline(device=s5e)", "name": "tablet"}], "samples": 20, "searches": 1})json";
  const Outcome outcome = oneproxy_command(folder_, command("out", "--json"));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json().at("devices").at("live"), 1);
  EXPECT_GT(fs::file_size(folder_ / "out/measurements.sqlite"), 0U);
}

TEST_F(Fleet, HelpHasAnExampleAndFaultsAreOneLine) {
  const Outcome help = oneproxy_command(folder_, "fleet --help");
  EXPECT_EQ(help.status, 0);
  EXPECT_NE(help.out.find("Example:\n  oneproxy fleet"), std::string::npos);
  const auto expect_fault = [&](const std::string& arguments, const std::string& expected) {
    const Outcome outcome = oneproxy_command(folder_, arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_EQ(outcome.error_lines(), 1U) << outcome.err;
    EXPECT_NE(outcome.err.find(expected), std::string::npos) << outcome.err;
  };
  expect_fault("fleet none.json --out x", "none.json");
  expect_fault("fleet", "file");
  write_fleet(10, R"(, "limit": 3)");
  expect_fault(command("out"), "did you mean 'limits'?");
  write_fleet(10);
  ASSERT_EQ(oneproxy_command(folder_, command("out")).status, 0);
  expect_fault(command("out"), "--resume");
  const std::string before = results_in("out");
  write_fleet(11);
  expect_fault(command("out", "--resume"), "devices.jsonl, line 1");
  EXPECT_EQ(results_in("out"), before) << "a refused start leaves what is there alone";
}

// kill -9 at random moments, again and again, until a start comes to the end: the same bytes as in one go.
TEST_F(Fleet, SlowSurvivesKillsAtRandomMoments) {
  write_fleet(300);
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_EQ(oneproxy_command(folder_, command("whole", "-q --threads 2")).status, 0);
  const double whole_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const auto random_seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(random_seed));
  std::mt19937 random(random_seed);
  int kills = 0;
  std::size_t grown = 0;
  for (int start = 0; start < 200; ++start) {
    // Most ends fall where devices are written, the second half; later starts get more time, so that one comes to the
    // end.
    const double seconds = whole_s * (0.3 + 0.7 * static_cast<double>(random() % 1000) / 1000 + 0.03 * start);
    const Outcome outcome = oneproxy_command(folder_, command("killed", "-q --threads 2 --resume"), "",
                                             "timeout -s KILL " + std::to_string(seconds));
    if (outcome.status == 0) break;
    ASSERT_EQ(outcome.status, 137) << outcome.err;
    ++kills;
    std::error_code error;
    const auto size = fs::file_size(folder_ / "killed/devices.jsonl", error);
    if (!error && size > grown) grown = size;
  }
  EXPECT_GT(kills, 0);
  EXPECT_GT(grown, 0U);
  EXPECT_EQ(results_in("killed"), results_in("whole"));
}

TEST_F(Fleet, SlowSameBytesUnderMpi) {
  if (!have_mpi()) GTEST_SKIP() << "no mpirun, or built without MPI";
  write_fleet(120);
  ASSERT_EQ(oneproxy_command(folder_, command("one", "-q --threads 1")).status, 0);
  const std::string expected = results_in("one");
  for (int ranks = 2; ranks <= 4; ++ranks) {
    SCOPED_TRACE(ranks);
    const std::string out = "ranks-" + std::to_string(ranks);
    const Outcome outcome = mpi(ranks, command(out, "-q"));
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1) << "one rank prints: " << outcome.out;
    EXPECT_EQ(results_in(out), expected);
    EXPECT_EQ(nlohmann::json::parse(slurp(folder_ / out / "run.json")).at("processes"), ranks);
  }
}

TEST_F(Fleet, SlowFaultsUnderMpiAreToldOnce) {
  if (!have_mpi()) GTEST_SKIP() << "no mpirun, or built without MPI";
  write_fleet(10, R"(, "samples": 1)");
  const Outcome outcome = mpi(2, command("bad"));
  EXPECT_NE(outcome.status, 0);
  std::size_t told = 0;
  for (std::size_t at = 0; (at = outcome.err.find("fleet.json, samples", at)) != std::string::npos; ++at) ++told;
  EXPECT_EQ(told, 1U) << outcome.err;
}

}  // namespace
}  // namespace oneproxy::test
